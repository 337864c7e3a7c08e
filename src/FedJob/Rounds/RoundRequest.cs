using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Nodes;

namespace FedJob.Rounds;

/// <summary>What one round should do.</summary>
public sealed record RoundRequest
{
    /// <summary>Whether nodes train; <see langword="false"/> only validates the current parameters, and changes nothing. Default: <see langword="true"/>.</summary>
    public bool Training { get; init; } = true;

    /// <summary>How updates become new parameters. Default: the job's rule.</summary>
    public IAggregator? Aggregator { get; init; }

    /// <summary>How participants are chosen. Default: the job's sampler.</summary>
    public INodeSampler? Sampler { get; init; }

    /// <summary>How nodes train. Default: the job's training arguments.</summary>
    public TrainingArgs? TrainingArgs { get; init; }

    /// <summary>Nodes that train otherwise, by node id, each with all of its training arguments. Default: none.</summary>
    public IReadOnlyDictionary<string, TrainingArgs> NodeTrainingArgs { get; init; } = new Dictionary<string, TrainingArgs>(StringComparer.Ordinal);

    /// <summary>Arguments for the nodes' side of the rule. Default: none.</summary>
    public AggregatorArguments AggregatorArguments { get; init; } = AggregatorArguments.None;

    /// <summary>What the modules of the researcher's optimizer tell those of the nodes. Default: nothing.</summary>
    public AuxiliaryVariables AuxiliaryVariables { get; init; } = AuxiliaryVariables.None;

    /// <summary>The keys of a secure aggregation, sent to every participant exactly as they stand here. Default: the job's, which has none unless it was given some.</summary>
    public SecureAggregationArgs? SecureAggregation { get; init; }

    /// <summary>When the round ends. Default: the job's policy.</summary>
    public RoundPolicy? Policy { get; init; }

    /// <summary>The nodes that are there, where they were looked for; null for all of the job.</summary>
    internal FederatedDataset? Available { get; init; }

    /// <summary>Whether the loop around rounds looks at the round's result after its commit.</summary>
    internal bool Observed { get; init; }

    /// <summary>Checks what can be checked before anything is sent.</summary>
    internal void Validate(IReadOnlyList<string> nodes)
    {
        ArgumentNullException.ThrowIfNull(AggregatorArguments);
        ArgumentNullException.ThrowIfNull(AuxiliaryVariables);
        ArgumentNullException.ThrowIfNull(NodeTrainingArgs);
        AggregatorArguments.Validate(nodes);
        if (NodeTrainingArgs.Keys.FirstOrDefault(n => !nodes.Contains(n, StringComparer.Ordinal)) is { } stranger)
        {
            throw new ArgumentException($"RoundRequest.NodeTrainingArgs has an entry for '{stranger}', which is no node of the job ({string.Join(", ", nodes)}).");
        }

        AuxiliaryVariables.Validate(nodes);
        if (Training && Aggregator is not null)
        {
            RuleChecks.Validate(Aggregator, nodes.Count);
        }

        if (Training && SecureAggregation is not null && Policy?.OutlierGuard?.Action == OutlierAction.Exclude)
        {
            throw new FedJobException(
                FedJobErrorCode.EncryptionMismatch,
                "RoundPolicy.OutlierGuard cannot look into encrypted updates, and the round asks for secure aggregation. "
                + "Set OutlierGuard.Action to Report or None, or run the round without SecureAggregation.");
        }

        if (Training && SecureAggregation is not null && Aggregator is { AcceptsEncrypted: false })
        {
            throw new FedJobException(
                FedJobErrorCode.EncryptionMismatch,
                $"{Aggregator.Name} cannot combine encrypted updates, and the round asks for secure aggregation. "
                + "Use a rule that declares AcceptsEncrypted, or a round without SecureAggregation.");
        }
    }
}
