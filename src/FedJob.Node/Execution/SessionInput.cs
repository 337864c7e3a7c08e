using FedJob.Abstractions;
using FedJob.Node.State;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.Node.Execution;

/// <summary>Everything a plan runs with.</summary>
internal sealed record SessionInput
{
    /// <summary>The request.</summary>
    public required TrainTask Task { get; init; }

    /// <summary>The node.</summary>
    public required string NodeId { get; init; }

    /// <summary>The approved plan.</summary>
    public required PlanBundle Bundle { get; init; }

    /// <summary>The global parameters.</summary>
    public required ModelParameters Global { get; init; }

    /// <summary>The tensors of the researcher's rule, by argument name.</summary>
    public IReadOnlyDictionary<string, ModelParameters> AggregatorTensors { get; init; } = new Dictionary<string, ModelParameters>(StringComparer.Ordinal);

    /// <summary>The samples to train on and to validate with.</summary>
    public required SampleSplit Split { get; init; }

    /// <summary>The file of the state the plan saved in an earlier round; null at first.</summary>
    public required string? PreviousState { get; init; }

    /// <summary>The id the plan's state gets.</summary>
    public required string NewStateId { get; init; }

    /// <summary>Where results go.</summary>
    public required WorkFolder Files { get; init; }
}
