using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Abstractions;

/// <summary>What a plan gets to evaluate with.</summary>
public sealed record EvaluationContext
{
    /// <summary>The local data.</summary>
    public required LocalDataset Dataset { get; init; }

    /// <summary>The indices of the samples to evaluate on, in ascending order: the validation split of <see cref="Dataset"/>.</summary>
    public required IReadOnlyList<int> Samples { get; init; }

    /// <summary>
    /// The training arguments of the round, among them the wanted <see cref="TrainingArgs.TestMetric"/> and its arguments.
    /// </summary>
    public required TrainingArgs TrainingArgs { get; init; }

    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>Where the plan may log; on a node the researcher sees these lines. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
