namespace FedJob.Rounds;

/// <summary>What happened in a round.</summary>
public enum RoundEventKind
{
    /// <summary>The round began.</summary>
    Started,

    /// <summary>A node's request was sent.</summary>
    Sent,

    /// <summary>A node's reply arrived.</summary>
    Replied,

    /// <summary>A node's verdict is known.</summary>
    Verdict,

    /// <summary>The round has the replies it needs.</summary>
    QuorumReached,

    /// <summary>The updates are being combined.</summary>
    Aggregating,

    /// <summary>The round was committed.</summary>
    Ended,

    /// <summary>The round failed or was cancelled; the job is as before.</summary>
    Failed,
}
