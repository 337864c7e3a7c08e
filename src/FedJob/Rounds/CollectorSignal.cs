using FedJob.Messaging;

namespace FedJob.Rounds;

/// <summary>Something the collector's loop has to act on.</summary>
internal sealed record CollectorSignal(CollectorSignal.Kinds Kind)
{
    internal enum Kinds
    {
        /// <summary>A node said something.</summary>
        Reply,

        /// <summary>A reply was read, its parameters downloaded and checked.</summary>
        Processed,

        /// <summary>The train reply that should follow an error did not.</summary>
        ErrorStands,

        /// <summary>An error that names no request has stood for a while, and its node answers pings.</summary>
        SuspicionStands,

        /// <summary>The connection is gone for good: no further reply can come.</summary>
        ConnectionLost,

        /// <summary>A node shows no life any more.</summary>
        NodeLost,

        /// <summary>A node that was silent shows life, or is connected anew: it may have forgotten its request.</summary>
        NodeReturned,

        /// <summary>The round waits for a lost node no longer.</summary>
        ReturnGraceOver,

        /// <summary>Our own link is open again: messages may have been lost on both ways.</summary>
        LinkRestored,

        /// <summary>A node was asked again, or could not be.</summary>
        AskedAgain,

        /// <summary>A reply of an earlier attempt is of no use any more: its file is gone.</summary>
        Unusable,

        /// <summary>The caller no longer wants a node's reply.</summary>
        NodeCancelled,

        /// <summary>A ping interval is over.</summary>
        Tick,

        /// <summary>The wait for further replies after the quorum is over.</summary>
        GraceOver,

        /// <summary>The time for replies is over.</summary>
        Deadline,

        /// <summary>The time for downloads after the deadline is over.</summary>
        DownloadGraceOver,
    }

    public NodeReply? Reply { get; init; }

    public CollectedReply? Processed { get; init; }

    public string? NodeId { get; init; }

    public string? Text { get; init; }

    /// <summary>Whether nobody listened when it was asked.</summary>
    public bool IsUnheard { get; init; }

    public Exception? Reason { get; init; }
}
