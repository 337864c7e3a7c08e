namespace FedJob.Rounds;

/// <summary>Something that happened in a round, as it happens.</summary>
public sealed record RoundEvent
{
    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>What happened.</summary>
    public required RoundEventKind Kind { get; init; }

    /// <summary>The time since the round began.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The node concerned; <see langword="null"/> for the round as a whole.</summary>
    public string? NodeId { get; init; }

    /// <summary>The participants, when the round begins.</summary>
    public IReadOnlyList<string>? Participants { get; init; }

    /// <summary>The bytes of the node's file that are here, while it is downloaded and when it is.</summary>
    public long? Bytes { get; init; }

    /// <summary>What the node reported.</summary>
    public Metrics.NodeMetric? Metric { get; init; }

    /// <summary>The node's verdict, when it is known.</summary>
    public NodeVerdict? Verdict { get; init; }
}
