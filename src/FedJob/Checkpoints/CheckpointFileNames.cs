using System.Globalization;

namespace FedJob.Checkpoints;

/// <summary>The only names files of a checkpoint have: since nothing else is accepted, no name can lead out of its directory.</summary>
internal static class CheckpointFileNames
{
    public const string Manifest = "checkpoint.json";
    public const string State = "state.json";
    public const string History = "history.jsonl";
    public const string Metrics = "metrics.jsonl";
    public const string Parameters = "parameters.mpk";
    public const string BestParameters = "best-parameters.mpk";
    public const string AuxiliaryVariables = "auxiliary-variables.mpk";
    public const string AggregatorState = "aggregator-state.mpk";
    public const string SamplerState = "sampler-state.mpk";
    private const string Plan = "training-plan";
    private const string Reply = "reply-";
    private const string ReplyEnd = ".mpk";
    private const int ReplyDigits = 5;

    private static readonly string[] Fixed = [State, History, Metrics, Parameters, BestParameters, AuxiliaryVariables, AggregatorState, SamplerState];

    /// <summary>The extensions of plans: a bundle, a Python module.</summary>
    public static IReadOnlyList<string> PlanExtensions { get; } = [".zip", ".py"];

    public static string PlanWith(string extension) => Plan + extension;

    public static string ReplyAt(int index) => Reply + index.ToString("D" + ReplyDigits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) + ReplyEnd;

    public static bool IsKnown(string name) =>
        Fixed.Contains(name, StringComparer.Ordinal) || PlanExtensions.Any(e => PlanWith(e) == name) || IsReply(name);

    public static bool IsReply(string name) =>
        name.Length == Reply.Length + ReplyDigits + ReplyEnd.Length
        && name.StartsWith(Reply, StringComparison.Ordinal)
        && name.EndsWith(ReplyEnd, StringComparison.Ordinal)
        && !name.AsSpan(Reply.Length, ReplyDigits).ContainsAnyExceptInRange('0', '9');
}
