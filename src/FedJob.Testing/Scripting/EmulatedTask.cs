using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Testing.Scripting;

/// <summary>A train request that an emulated node accepted, as the training sees it.</summary>
public sealed record EmulatedTask
{
    /// <summary>The researcher, by the id of this very request.</summary>
    public required string ResearcherId { get; init; }

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>The state the request continues; null for none.</summary>
    public required string? StateId { get; init; }

    /// <summary>The whole request as it came; <c>NaN</c> and infinities are null.</summary>
    public required JsonObject Request { get; init; }

    /// <summary>The training arguments of the request.</summary>
    public JsonObject TrainingArgs => Request["training_args"]!.AsObject();

    /// <summary>The dataset.</summary>
    public required DatasetEntry Dataset { get; init; }

    /// <summary>Rows of the training split.</summary>
    public required long SampleCount { get; init; }

    /// <summary>The global parameters as downloaded; they live as long as the training.</summary>
    public required ModelParameters Parameters { get; init; }

    /// <summary>The files that <c>aggregator_args</c> refers to: argument name to local path. They live as long as the training.</summary>
    public required IReadOnlyDictionary<string, string> AggregatorFiles { get; init; }

    /// <summary>The files of <c>aux_var_urls</c>, as local paths. They live as long as the training.</summary>
    public required IReadOnlyList<string> AuxiliaryFiles { get; init; }

    /// <summary>
    /// Reports a training metric: name, value, epoch (null in num_updates mode), iteration counted from 1, batches of the epoch, samples of the
    /// epoch so far.
    /// </summary>
    public required Func<string, double, int?, int, int, long, Task> ReportMetricAsync { get; init; }

    /// <summary>Logs a line: level and message.</summary>
    public required Func<string, string, Task> LogAsync { get; init; }
}
