using System.Globalization;
using System.Text.Json.Nodes;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>What a rule may need to know of a node's local training: how many steps, and how long each one was.</summary>
internal static class LocalTraining
{
    /// <summary>
    /// The optimizer steps of an update: what the node told (<c>optimizer_args.num_updates</c>, FedJob nodes), at most as many as it was sent to make; else those.
    /// </summary>
    public static double StepsOf(string rule, NodeUpdate update)
    {
        double? sent = StepsSent(update);
        if (update.OptimizerArgs["num_updates"] is not { } told)
        {
            return sent ?? throw new AggregationException(
                $"{rule} needs the number of local steps, which node '{update.NodeId}' does not tell and the training arguments do not say; set TrainingArgs.UpdateCount, or Epochs and BatchSize.");
        }

        double most = sent ?? int.MaxValue;
        return NumberOf(told) is { } steps and >= 1 && steps <= most && double.IsInteger(steps)
            ? steps
            : throw Unusable(rule, update, "num_updates", told, string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {most}, the steps it was asked for"));
    }

    private static double? StepsSent(NodeUpdate update) => update.TrainingArgs switch
    {
        { DryRun: true } => 1,
        { UpdateCount: { } count } => count,
        { Epochs: { } epochs, BatchSize: { } size } args =>
            epochs * Math.Min(Math.Ceiling(update.SampleCount / (double)size), args.MaximumBatches ?? double.PositiveInfinity),
        _ => null,
    };

    /// <summary>Whether the steps of every node can be known from the arguments it is sent.</summary>
    public static void CheckSteps(string rule, TrainingArgs args)
    {
        if (args is { UpdateCount: null, DryRun: false } and not { Epochs: not null, BatchSize: not null })
        {
            throw new ArgumentException(
                $"{rule} needs the number of local steps: TrainingArgs.UpdateCount is not set, nor are both Epochs ({args.Epochs}) and BatchSize ({args.BatchSize}). Set UpdateCount.");
        }
    }

    /// <summary>The learning rate of one tensor: as the node told it, for all or by layer, else the one it was sent.</summary>
    public static double RateOf(string rule, NodeUpdate update, string tensor)
    {
        JsonNode? told = update.OptimizerArgs["lr"];
        if (told is JsonObject layers)
        {
            told = layers[tensor];
        }

        if (told is null)
        {
            return update.TrainingArgs.LearningRate ?? throw new AggregationException(
                $"{rule} needs the local learning rate of tensor '{tensor}', which node '{update.NodeId}' does not tell; set TrainingArgs.LearningRate.");
        }

        return NumberOf(told) is { } rate and > 0 and < double.PositiveInfinity
            ? rate
            : throw Unusable(rule, update, "lr", told, "a finite number above 0");
    }

    /// <summary>A JSON number, however it is kept: one made in memory gives only its own type.</summary>
    private static double? NumberOf(JsonNode node) => node is not JsonValue value ? null
        : value.TryGetValue(out double number) ? number
        : value.TryGetValue(out long whole) ? whole
        : value.TryGetValue(out int small) ? small
        : null;

    private static AggregationException Unusable(string rule, NodeUpdate update, string name, JsonNode told, string expected) => new(string.Create(
        CultureInfo.InvariantCulture, $"{rule} cannot use what node '{update.NodeId}' tells of its training: optimizer_args.{name} is {NumberOf(told)?.ToString(CultureInfo.InvariantCulture) ?? "a " + told.GetValueKind()}; expected {expected}."));
}
