using FedJob.Messaging;
using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>Where a round notes what must not be lost. Every call ends when its entry is durable.</summary>
internal interface IRoundJournal
{
    /// <summary>The round that was begun and not committed; <see langword="null"/> where there is none.</summary>
    OpenRound? Open { get; }

    /// <summary>Notes the intent of a round before anything is sent: durable even without power. One that was open before is given up.</summary>
    Task BeginAsync(OpenRound round);

    /// <summary>Notes that an open round goes on with these participants, and from when its time counts.</summary>
    Task ContinueAsync(IReadOnlyList<string> participants, TimeSpan elapsed);

    /// <summary>Notes a further request of the open round before it is sent.</summary>
    Task AddRequestAsync(TrainOrder order);

    /// <summary>Notes a terminal reply when it has arrived, before anything else is done with it.</summary>
    Task AddReplyAsync(NodeReply reply, TimeSpan elapsed);

    /// <summary>Notes what a reply came to; with the digest of the node's file, where one was downloaded and found sound.</summary>
    Task AddVerdictAsync(TrainTicket ticket, CollectedReply result, FileDigest? fileDigest);

    /// <summary>
    /// Notes that the round ended without success and may be run again: its failures are forgotten, what succeeded is kept, its time begins anew. A node that
    /// failed is then asked under a new id.
    /// </summary>
    Task SuspendAsync();

    /// <summary>Notes how much of the round's time is used.</summary>
    Task KeepTimeAsync(TimeSpan elapsed);
}
