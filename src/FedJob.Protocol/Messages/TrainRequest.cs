using System.Text.Json.Nodes;
using FedJob.Abstractions;

namespace FedJob.Protocol.Messages;

/// <summary>Asks a node to train or validate.</summary>
public sealed record TrainRequest : ResearcherRequest
{
    /// <summary>The job; <c>job_id</c>.</summary>
    public required string JobId { get; init; }

    /// <summary>The node's last state id; null at first; <c>state_id</c>.</summary>
    public string? StateId { get; init; }

    /// <summary>Where the global parameters are; <c>params_url</c>.</summary>
    public required string ParametersUrl { get; init; }

    /// <summary>The training arguments, sent with all defaults filled in; <c>training_args</c>.</summary>
    public required TrainingArgs TrainingArgs { get; init; }

    /// <summary>The dataset; <c>dataset_id</c>.</summary>
    public required string DatasetId { get; init; }

    /// <summary>Whether to train; false validates only; <c>training</c>.</summary>
    public required bool Training { get; init; }

    /// <summary>The model arguments; may be empty; <c>model_args</c>.</summary>
    public required JsonObject ModelArgs { get; init; }

    /// <summary>Where the training plan is; <c>training_plan_url</c>.</summary>
    public required string TrainingPlanUrl { get; init; }

    /// <summary>The class of the training plan; the full type name for a .NET plan; <c>training_plan_class</c>.</summary>
    public required string TrainingPlanClass { get; init; }

    /// <summary>The server key of a secure aggregation; null without one; <c>secagg_servkey_id</c>.</summary>
    public string? SecaggServerKeyId { get; init; }

    /// <summary>The biprime of a secure aggregation; null without one; <c>secagg_biprime_id</c>.</summary>
    public string? SecaggBiprimeId { get; init; }

    /// <summary>The random number of a secure aggregation; null without one; <c>secagg_random</c>.</summary>
    public double? SecaggRandom { get; init; }

    /// <summary>The clipping range of a secure aggregation; null for the default; <c>secagg_clipping_range</c>.</summary>
    public int? SecaggClippingRange { get; init; }

    /// <summary>The round, counted from 0; <c>round</c>.</summary>
    public required int Round { get; init; }

    /// <summary>
    /// Arguments of the aggregator for this node; an object value is a file reference {arg_name, filename, url}; <c>aggregator_args</c>.
    /// </summary>
    public required JsonObject AggregatorArgs { get; init; }

    /// <summary>Where the optimizer auxiliary variables are; null for none; <c>aux_var_urls</c>.</summary>
    public IReadOnlyList<string>? AuxiliaryVariableUrls { get; init; }

    /// <inheritdoc/>
    public override string Command => "train";

    /// <summary>Who asks for what, without arguments and the random number of a secure aggregation: this may end in a log.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        $"train request of {ResearcherId}: job {JobId}, round {Round}, dataset {DatasetId}" + (Training ? "" : ", validation only");
}
