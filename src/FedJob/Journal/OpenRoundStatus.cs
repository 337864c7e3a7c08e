using FedJob.Rounds;

namespace FedJob.Journal;

/// <summary>How far a round has come, by the journal.</summary>
public sealed record OpenRoundStatus
{
    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>Whether nodes train; otherwise they only validate.</summary>
    public required bool Training { get; init; }

    /// <summary>How much of the time for replies is used.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The nodes asked whose reply has not arrived, in ordinal order.</summary>
    public required IReadOnlyList<string> Awaited { get; init; }

    /// <summary>The verdicts that are known, in ordinal order of the node ids. A node that has replied and stands in neither list is being downloaded.</summary>
    public required IReadOnlyList<NodeVerdict> Verdicts { get; init; }
}
