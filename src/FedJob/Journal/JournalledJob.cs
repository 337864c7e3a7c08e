using FedJob.Checkpoints;
using FedJob.Metrics;
using FedJob.Rounds;

namespace FedJob.Journal;

/// <summary>All that a journal holds.</summary>
internal sealed record JournalledJob
{
    public required JobRow Job { get; init; }

    public required IReadOnlyList<RoundDocument> History { get; init; }

    public required IReadOnlyList<NodeMetric> Metrics { get; init; }

    /// <summary>The round that was begun and not committed.</summary>
    public OpenRound? Open { get; init; }
}
