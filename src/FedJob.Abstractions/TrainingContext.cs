using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Abstractions;

/// <summary>What a plan gets to train with.</summary>
public sealed record TrainingContext
{
    /// <summary>The local data.</summary>
    public required LocalDataset Dataset { get; init; }

    /// <summary>The indices of the samples to train on, in ascending order: the training split of <see cref="Dataset"/>.</summary>
    public required IReadOnlyList<int> Samples { get; init; }

    /// <summary>The training arguments of the round.</summary>
    public required TrainingArgs TrainingArgs { get; init; }

    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>
    /// The seed of everything random in this training; another one for each node and round, the same when the round is repeated.
    /// </summary>
    public required int Seed { get; init; }

    /// <summary>Small arguments of the researcher's aggregator for this node. Default: empty.</summary>
    public JsonObject AggregatorArgs { get; init; } = [];

    /// <summary>
    /// The tensors of the researcher's aggregator for this node, by argument name, e.g. Scaffold's correction under
    /// <c>aggregator_correction</c>; valid during the training. <see cref="GradientCorrection"/> applies it. Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, ModelParameters> AggregatorTensors { get; init; } =
        new Dictionary<string, ModelParameters>(StringComparer.Ordinal);

    /// <summary>
    /// Where to report the loss of a batch; the report reaches the researcher while the training goes on. Default: nowhere.
    /// </summary>
    public IProgress<MetricReport>? Progress { get; init; }

    /// <summary>Where the plan may log; on a node the researcher sees these lines. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
