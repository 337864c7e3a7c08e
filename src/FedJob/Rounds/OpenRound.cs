using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>A round that was begun and not committed, as the journal knows it.</summary>
internal sealed record OpenRound
{
    public required int Round { get; init; }

    public required bool Training { get; init; }

    /// <summary>What the round asks of every node; one that asks for something else is another round.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>How many successes the round can use.</summary>
    public required int Goal { get; init; }

    /// <summary>The nodes asked, in ordinal order.</summary>
    public required IReadOnlyList<string> Participants { get; init; }

    /// <summary>Every request of the round in the order they were journalled; the last one of a node is the one to repeat.</summary>
    public required IReadOnlyList<TrainOrder> Orders { get; init; }

    /// <summary>The terminal replies, in the order of their arrival.</summary>
    public IReadOnlyList<JournalledReply> Replies { get; init; } = [];

    /// <summary>How much of the time for replies is used.</summary>
    public TimeSpan Elapsed { get; init; }
}

/// <summary>A terminal reply as the journal knows it.</summary>
/// <param name="Ticket">The request it answers.</param>
/// <param name="Message">The reply.</param>
/// <param name="Digest">What the node says its file hashes to.</param>
/// <param name="Elapsed">When it arrived, counted from the first request.</param>
internal sealed record JournalledReply(TrainTicket Ticket, NodeMessage Message, FileDigest? Digest, TimeSpan Elapsed)
{
    /// <summary>What it came to; <see langword="null"/> while that is open.</summary>
    public NodeVerdict? Verdict { get; init; }

    /// <summary>The node's parameter file, found sound.</summary>
    public string? File { get; init; }

    public FileDigest? FileDigest { get; init; }
}
