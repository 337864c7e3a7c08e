using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>What a rule that accepts encrypted updates gets to combine.</summary>
public sealed record EncryptedAggregationContext
{
    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>The global parameters the round started from: names, shapes and kinds of what the rule must return.</summary>
    public required ModelParameters Global { get; init; }

    /// <summary>The updates in ordinal order of their node ids; at least one.</summary>
    public required IReadOnlyList<EncryptedUpdate> Updates { get; init; }
}
