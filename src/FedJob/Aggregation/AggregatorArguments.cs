using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>What the participants of a round get for their side of an aggregation rule: some arguments all alike, others each its own.</summary>
public sealed record AggregatorArguments
{
    /// <summary>No arguments.</summary>
    public static AggregatorArguments None { get; } = new();

    /// <summary>What every participant gets. Default: nothing.</summary>
    public NodeArguments Shared { get; init; } = NodeArguments.None;

    /// <summary>What one participant gets beside it, by node id; nobody gets another's. Default: nothing.</summary>
    public IReadOnlyDictionary<string, NodeArguments> PerNode { get; init; } = new Dictionary<string, NodeArguments>(StringComparer.Ordinal);

    /// <summary>These arguments and others; <see cref="Validate"/> tells names that stand in both.</summary>
    internal AggregatorArguments And(AggregatorArguments other) => new()
    {
        Shared = Shared.And("every node", other.Shared),
        PerNode = PerNode.Keys.Union(other.PerNode.Keys, StringComparer.Ordinal).ToDictionary(
            n => n,
            n => PerNode.GetValueOrDefault(n, NodeArguments.None).And(n, other.PerNode.GetValueOrDefault(n, NodeArguments.None)),
            StringComparer.Ordinal),
    };

    /// <summary>Checks the arguments against the nodes of a job.</summary>
    /// <param name="nodes">The nodes of the job.</param>
    /// <exception cref="ArgumentException">An entry is for a node that is none of the job's, or an argument stands twice for one node.</exception>
    internal void Validate(IReadOnlyList<string> nodes)
    {
        ArgumentNullException.ThrowIfNull(PerNode);
        Check(Shared, nameof(Shared));
        foreach ((string nodeId, NodeArguments own) in PerNode)
        {
            Check(own, nameof(PerNode));
            if (!nodes.Contains(nodeId, StringComparer.Ordinal))
            {
                throw new ArgumentException($"AggregatorArguments.PerNode has an entry for '{nodeId}', which is no node of the job ({string.Join(", ", nodes)}).");
            }

            CheckNames(nodeId, own);
        }

        CheckNames("every node", NodeArguments.None);
    }

    private static void Check(NodeArguments arguments, string name)
    {
        ArgumentNullException.ThrowIfNull(arguments, name);
        ArgumentNullException.ThrowIfNull(arguments.Values, name);
        ArgumentNullException.ThrowIfNull(arguments.Files, name);
        foreach (ModelParameters file in arguments.Files.Values)
        {
            ArgumentNullException.ThrowIfNull(file, name);
        }
    }

    private void CheckNames(string whom, NodeArguments own)
    {
        string? twice = Shared.Names.Concat(own.Names).GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1)?.Key;
        if (twice is not null)
        {
            throw new ArgumentException($"The aggregator argument '{twice}' stands twice for {whom}; give it once: shared, or for the node, as value or as file.");
        }
    }
}
