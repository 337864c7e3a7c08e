using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>The way of one reply: into the journal when it arrives, then judged or downloaded, then its verdict into the journal.</summary>
internal sealed class ReplyIntake(ReplyProcessor processor, IRoundJournal journal, Announcement announce, TimeProvider timeProvider)
{
    /// <summary>Takes a reply that arrived.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="verdict">What is known of it.</param>
    /// <param name="before">The error the node sent before, which says more about a failure.</param>
    /// <param name="slots">Bounds how many downloads run at a time.</param>
    /// <param name="stop">Ends the download.</param>
    public async Task<CollectedReply> TakeAsync(
        NodeReply reply, NodeVerdict verdict, ErrorReply? before, SemaphoreSlim slots, CancellationToken stop)
    {
        await journal.AddReplyAsync(reply, verdict.ReplyTime ?? TimeSpan.Zero).ConfigureAwait(false);
        reply.Acknowledge();
        return await FinishAsync(reply, verdict, before, slots, stop).ConfigureAwait(false);
    }

    /// <summary>Takes a reply that an earlier process or attempt journalled; what was downloaded is used if it is still what it was.</summary>
    public async Task<CollectedReply> TakeJournalledAsync(JournalledReply reply, NodeVerdict verdict, SemaphoreSlim slots, CancellationToken stop)
    {
        switch (reply.Verdict)
        {
            case { Kind: VerdictKind.Succeeded } when reply.File is null:
            case { Kind: not (VerdictKind.Succeeded or VerdictKind.DownloadFailed) }:
                return new CollectedReply(reply.Verdict);
            case { Kind: VerdictKind.Succeeded } when await IsIntactAsync(reply, stop).ConfigureAwait(false):
                return new CollectedReply(reply.Verdict, reply.File, reply.FileDigest);
        }

        var again = new NodeReply(reply.Ticket, reply.Message, timeProvider.GetTimestamp(), reply.Digest);
        return await FinishAsync(again, verdict, null, slots, stop).ConfigureAwait(false);
    }

    private async Task<CollectedReply> FinishAsync(
        NodeReply reply, NodeVerdict verdict, ErrorReply? before, SemaphoreSlim slots, CancellationToken stop)
    {
        CollectedReply result = processor.Judge(reply, verdict, before) ?? await DownloadAsync(reply, verdict, slots, stop).ConfigureAwait(false);
        await journal.AddVerdictAsync(reply.Ticket, result, result.FileDigest).ConfigureAwait(false);
        return result;
    }

    private async Task<CollectedReply> DownloadAsync(NodeReply reply, NodeVerdict verdict, SemaphoreSlim slots, CancellationToken stop)
    {
        await slots.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            announce(RoundEventKind.Downloading, verdict.NodeId, bytes: 0);
            CollectedReply result = await processor.DownloadAsync(
                reply, verdict, new BytesHere(announce, verdict.NodeId), stop).ConfigureAwait(false);
            if (result.Verdict.Kind == VerdictKind.Succeeded)
            {
                announce(RoundEventKind.Downloaded, verdict.NodeId, bytes: result.Verdict.DownloadedBytes);
            }

            return result;
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>Announces how far a download is, at once and in order.</summary>
    private sealed class BytesHere(Announcement announce, string nodeId) : IProgress<long>
    {
        public void Report(long value) => announce(RoundEventKind.Downloading, nodeId, bytes: value);
    }

    /// <summary>Node files are not flushed one by one: after the loss of power one may be missing or torn, and is downloaded again.</summary>
    private static async Task<bool> IsIntactAsync(JournalledReply reply, CancellationToken stop) =>
        reply is { File: { } path, FileDigest: { } expected } && File.Exists(path)
        && await FileDigest.ComputeAsync(path, expected.Algorithm, stop).ConfigureAwait(false) == expected;
}
