using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>
/// What the modules of the researcher's optimizer tell those of the nodes (Fed-BioMed's optimizer auxiliary variables), module -> values. What is for all
/// nodes and what is for one is declared, never guessed: nobody gets another's values, and a node without an entry of its own gets only what is shared.
/// </summary>
public sealed record AuxiliaryVariables
{
    /// <summary>No variables.</summary>
    public static AuxiliaryVariables None { get; } = new();

    /// <summary>What every participant gets, by module. Default: nothing.</summary>
    public IReadOnlyDictionary<string, ParameterMap> Shared { get; init; } = new Dictionary<string, ParameterMap>(StringComparer.Ordinal);

    /// <summary>What one participant gets beside it, by node id and module. Default: nothing.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, ParameterMap>> PerNode { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, ParameterMap>>(StringComparer.Ordinal);

    /// <summary>These variables and others.</summary>
    internal AuxiliaryVariables And(AuxiliaryVariables other) => new()
    {
        Shared = Both(Shared, other.Shared),
        PerNode = PerNode.Keys.Union(other.PerNode.Keys, StringComparer.Ordinal).ToDictionary(
            n => n, n => Both(PerNode.GetValueOrDefault(n), other.PerNode.GetValueOrDefault(n)), StringComparer.Ordinal),
    };

    /// <summary>Checks the variables against the nodes of a job.</summary>
    /// <param name="nodes">The nodes of the job.</param>
    /// <exception cref="ArgumentException">An entry is for a node that is none of the job's, shared values are keyed by node ids, or a module is shared and per node.</exception>
    internal void Validate(IReadOnlyList<string> nodes)
    {
        ArgumentNullException.ThrowIfNull(Shared);
        ArgumentNullException.ThrowIfNull(PerNode);
        foreach ((string module, ParameterMap values) in Shared)
        {
            ArgumentNullException.ThrowIfNull(values, nameof(Shared));
            if (nodes.FirstOrDefault(n => values.TryGetValue(n, out _)) is { } nodeId)
            {
                throw new ArgumentException(
                    $"AuxiliaryVariables.Shared holds values of module '{module}' keyed by node ids ('{nodeId}'): every node would see the others' values. Declare them in PerNode.");
            }
        }

        foreach ((string nodeId, IReadOnlyDictionary<string, ParameterMap> own) in PerNode)
        {
            ArgumentNullException.ThrowIfNull(own, nameof(PerNode));
            foreach (ParameterMap values in own.Values)
            {
                ArgumentNullException.ThrowIfNull(values, nameof(PerNode));
            }

            if (!nodes.Contains(nodeId, StringComparer.Ordinal))
            {
                throw new ArgumentException($"AuxiliaryVariables.PerNode has an entry for '{nodeId}', which is no node of the job ({string.Join(", ", nodes)}).");
            }

            if (own.Keys.FirstOrDefault(Shared.ContainsKey) is { } module)
            {
                throw new ArgumentException($"Module '{module}' has shared auxiliary variables and others for node '{nodeId}'; declare it one way.");
            }
        }
    }

    private static IReadOnlyDictionary<string, ParameterMap> Both(IReadOnlyDictionary<string, ParameterMap>? one, IReadOnlyDictionary<string, ParameterMap>? two)
    {
        var both = new Dictionary<string, ParameterMap>(StringComparer.Ordinal);
        foreach ((string module, ParameterMap values) in (one ?? both).Concat(two ?? new Dictionary<string, ParameterMap>(StringComparer.Ordinal)).ToArray())
        {
            if (!both.TryAdd(module, values))
            {
                throw new AggregationException(
                    $"Auxiliary variables of module '{module}' are given by the rule and by the caller of the round; leave them to the rule.");
            }
        }

        return both;
    }
}
