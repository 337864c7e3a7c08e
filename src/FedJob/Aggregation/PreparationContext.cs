using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>What a rule gets to know before a training round's requests are written.</summary>
public sealed record PreparationContext
{
    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>The nodes that are about to be asked, in ordinal order; at least one.</summary>
    public required IReadOnlyList<string> Participants { get; init; }

    /// <summary>The global parameters the round starts from; valid while the round sends.</summary>
    public required ModelParameters Global { get; init; }
}
