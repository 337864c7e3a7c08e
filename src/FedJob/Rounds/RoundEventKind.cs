namespace FedJob.Rounds;

/// <summary>What happened in a round.</summary>
public enum RoundEventKind
{
    /// <summary>The round began.</summary>
    Started,

    /// <summary>A node's request was sent.</summary>
    Sent,

    /// <summary>The broker has taken a node's request and somebody listens on the node's topic (over MQTT 3.1.1: the broker has taken it).</summary>
    Acknowledged,

    /// <summary>A node is asked again: it or the link was away.</summary>
    Repeated,

    /// <summary>A node is lost for now: its last will came, or it answered no ping. It may come back.</summary>
    NodeLost,

    /// <summary>A lost node came back.</summary>
    NodeReturned,

    /// <summary>A further node was asked in place of one that failed.</summary>
    Replaced,

    /// <summary>A node reported a metric.</summary>
    Metric,

    /// <summary>A node's reply arrived.</summary>
    Replied,

    /// <summary>A node's parameters are being downloaded; <see cref="RoundEvent.Bytes"/> of them are here.</summary>
    Downloading,

    /// <summary>A node's parameters are here and are sound.</summary>
    Downloaded,

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
