using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

/// <summary>What a round writes into its journal, when, and what it takes from one.</summary>
public sealed class RoundJournalTests : IDisposable
{
    private static readonly RoundPolicy Policy = new()
    {
        Deadline = TimeSpan.FromHours(1),
        PingInterval = TimeSpan.FromHours(2),
        ReturnGrace = TimeSpan.Zero,
    };

    private readonly RoundBench _bench = new(nodes: 1);

    [Fact]
    public async Task CollectAsync_Reply_IsJournalledBeforeItsAcknowledgementAndItsDownload()
    {
        var durable = new TaskCompletionSource();
        var noted = new TaskCompletionSource();
        _bench.Journal.Durable = entry =>
        {
            noted.TrySetResult();
            return entry == "reply node_1" ? durable.Task : Task.CompletedTask;
        };
        var receipt = new DeliveryReceipt(new InboundMessage { Topic = "t", Payload = default, ArrivalTimestamp = 0 });
        ServeAndMark();
        _bench.Say(RoundBench.Ticket("node_1"), RoundBench.Trained("node_1"), receipt: receipt);
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        await noted.Task;
        Assert.False(receipt.Signed.IsCompleted);
        Assert.Equal(["reply node_1"], _bench.Journal.Entries);

        durable.SetResult();
        await collecting;

        Assert.True(receipt.Signed.IsCompleted);
        Assert.Equal(["reply node_1", "download", "verdict node_1 Succeeded"], _bench.Journal.Entries);
    }

    [Fact]
    public async Task CollectAsync_RepeatedRequest_IsJournalledBeforeItIsSent()
    {
        _bench.Publish = _ =>
        {
            _bench.Journal.Mark("sent");
            return PublishOutcome.Accepted;
        };
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        _bench.Announce("node_1", online: true);
        TrainTicket again = await _bench.AskedAsync();
        _bench.Serve("node_1");
        _bench.Say(again, RoundBench.Trained("node_1"));
        await collecting;

        Assert.Equal(["request node_1", "sent", "reply node_1", "verdict node_1 Succeeded"], _bench.Journal.Entries);
    }

    [Fact]
    [Trait("fault", "11")]
    public async Task CollectAsync_JournalFails_TheRoundEndsTyped()
    {
        var full = new FedJobException(FedJobErrorCode.LocalFileFailed, "the disk is full");
        _bench.Journal.Failure = full;
        var receipt = new DeliveryReceipt(new InboundMessage { Topic = "t", Payload = default, ArrivalTimestamp = 0 });
        ServeAndMark();
        _bench.Say(RoundBench.Ticket("node_1"), RoundBench.Trained("node_1"), receipt: receipt);

        Assert.Same(full, await Assert.ThrowsAsync<FedJobException>(() => _bench.CollectAsync(Policy)));

        Assert.False(receipt.Signed.IsCompleted);
        Assert.DoesNotContain("download", _bench.Journal.Entries);
    }

    [Fact]
    public async Task CollectAsync_JournalFailsOverARepeatedRequest_NothingIsSentAndTheRoundEndsTyped()
    {
        _bench.Journal.Failure = new FedJobException(FedJobErrorCode.LocalFileFailed, "the disk is full");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);

        _bench.Announce("node_1", online: true);

        await Assert.ThrowsAsync<FedJobException>(() => collecting);
        Assert.False(_bench.Sent.Reader.TryRead(out _));
    }

    [Fact]
    public async Task CollectAsync_ReplyOfAnEarlierProcessWithItsFile_IsUsedAsItIs()
    {
        string file = await FileAsync();
        Journalled(Succeeded(), file, await FileDigest.ComputeAsync(file, DigestAlgorithm.XxHash128, RoundBench.Token));
        ServeAndMark();

        CollectedReply reply = Assert.Single(await _bench.CollectAsync(Policy));

        Assert.Equal((VerdictKind.Succeeded, file), (reply.Verdict.Kind, reply.UpdatePath));
        Assert.Empty(_bench.Journal.Entries);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CollectAsync_ReplyOfAnEarlierProcessWithoutASoundFile_IsDownloadedAgain(bool torn)
    {
        string file = await FileAsync();
        FileDigest digest = await FileDigest.ComputeAsync(file, DigestAlgorithm.XxHash128, RoundBench.Token);
        if (torn)
        {
            using FileStream cut = File.OpenWrite(file);
            cut.SetLength(3);
        }
        else
        {
            File.Delete(file);
        }

        Journalled(Succeeded(), file, digest);
        ServeAndMark();

        CollectedReply reply = Assert.Single(await _bench.CollectAsync(Policy));

        Assert.Equal(VerdictKind.Succeeded, reply.Verdict.Kind);
        Assert.NotEqual(file, reply.UpdatePath);
        Assert.Equal(["download", "verdict node_1 Succeeded"], _bench.Journal.Entries);
    }

    [Fact]
    public async Task CollectAsync_ReplyOfAnEarlierProcessWithoutAVerdict_IsDownloaded()
    {
        Journalled(null, null, null);
        ServeAndMark();

        Assert.Equal(VerdictKind.Succeeded, Assert.Single(await _bench.CollectAsync(Policy)).Verdict.Kind);
        Assert.Equal(["download", "verdict node_1 Succeeded"], _bench.Journal.Entries);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task CollectAsync_FileOfAnEarlierReplyIsGoneAtTheRepository_IsAskedAgainIfItMayBe(int retries)
    {
        Journalled(null, null, null);
        _bench.Serve("node_1", (_, _) => throw new RepositoryException(FedJobErrorCode.RepositoryRefused, "404"));
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy with { Retries = retries });
        if (retries > 0)
        {
            TrainTicket again = await _bench.AskedAsync();
            Assert.NotEqual(RoundBench.Ticket("node_1").RequestId, again.RequestId);
            _bench.Serve("node_1");
            _bench.Say(again, RoundBench.Trained("node_1"));
        }

        Assert.Equal(retries > 0 ? VerdictKind.Succeeded : VerdictKind.DownloadFailed, Assert.Single(await collecting).Verdict.Kind);
        Assert.False(_bench.Sent.Reader.TryRead(out _));
    }

    [Fact]
    public async Task CollectAsync_FailureOfAnEarlierProcess_Stands()
    {
        Journalled(Succeeded() with { Kind = VerdictKind.TrainingFailed, Reason = "no GPU" }, null, null);

        NodeVerdict verdict = Assert.Single(await _bench.CollectAsync(Policy)).Verdict;

        Assert.Equal((VerdictKind.TrainingFailed, "no GPU"), (verdict.Kind, verdict.Reason));
    }

    public void Dispose() => _bench.Dispose();

    private static NodeVerdict Succeeded() => new() { NodeId = "node_1", Kind = VerdictKind.Succeeded, SampleCount = 10 };

    private void Journalled(NodeVerdict? verdict, string? file, FileDigest? digest) => _bench.Journal.Open = new OpenRound
    {
        Round = 3,
        Training = true,
        Fingerprint = "f",
        Goal = 1,
        Participants = _bench.Nodes,
        Orders = [],
        Replies = [new JournalledReply(RoundBench.Ticket("node_1"), RoundBench.Trained("node_1"), null, TimeSpan.FromSeconds(1)) { Verdict = verdict, File = file, FileDigest = digest }],
    };

    private async Task<string> FileAsync()
    {
        string path = Path.Combine(_bench.RoundDirectory, "earlier.mpk");
        await File.WriteAllTextAsync(path, "an earlier file", RoundBench.Token);
        return path;
    }

    private void ServeAndMark()
    {
        _bench.Serve("node_1");
        Func<DownloadRequest, CancellationToken, Task<DownloadedFile>> serve = _bench.ServedTo("node_1");
        _bench.Serve("node_1", (request, stop) =>
        {
            _bench.Journal.Mark("download");
            return serve(request, stop);
        });
    }
}
