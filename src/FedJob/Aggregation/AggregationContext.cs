using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>What a rule gets to combine.</summary>
public sealed record AggregationContext
{
    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>The global parameters the round started from.</summary>
    public required ModelParameters Global { get; init; }

    /// <summary>All nodes of the job in ordinal order, whether they took part or not. Default: those of <see cref="Updates"/>.</summary>
    public IReadOnlyList<string> Nodes { get => field ?? [.. Updates.Select(u => u.NodeId)]; init; }

    /// <summary>The updates in ordinal order of their node ids; at least one.</summary>
    public required IReadOnlyList<NodeUpdate> Updates { get; init; }

    /// <summary>Ends the work; for rules that read the updates before they combine them. Default: none.</summary>
    public CancellationToken CancellationToken { get; init; }
}
