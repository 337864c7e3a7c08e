using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

/// <summary>When replies' parameters are downloaded, and what the times of a verdict measure.</summary>
public sealed class ReplyDownloadTests : IDisposable
{
    private static readonly RoundPolicy Hour = new() { Deadline = TimeSpan.FromHours(1), PingInterval = TimeSpan.FromHours(2) };

    /// <summary>Nobody waits that long when all is well.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly RoundBench _bench = new(nodes: 6);

    [Fact]
    [Trait("seed", "11")]
    public async Task CollectAsync_OthersStillTrain_DownloadsBeginAsRepliesArriveBesideEachOther()
    {
        Task first = _bench.ServeForever("node_1");
        Task second = _bench.ServeForever("node_2");
        using var stop = new CancellationTokenSource();
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour, token: stop.Token);

        _bench.Say(RoundBench.Trained("node_1"));
        await first.WaitAsync(Patience, RoundBench.Token);
        _bench.Say(RoundBench.Trained("node_2"));
        await second.WaitAsync(Patience, RoundBench.Token);

        Assert.False(collecting.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collecting);
    }

    [Fact]
    [Trait("seed", "11")]
    public async Task CollectAsync_AllReplyAtOnce_AsManyDownloadsAtATimeAsAllowed()
    {
        int running = 0, most = 0;
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (string node in _bench.Nodes)
        {
            _bench.Serve(node, async (request, stop) =>
            {
                int now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (now == 3)
                {
                    full.TrySetResult();
                }

                await full.Task.WaitAsync(Patience, stop);
                DownloadedFile file = await WriteAsync(node, request, stop);
                Interlocked.Decrement(ref running);
                return file;
            });
            _bench.Say(RoundBench.Trained(node));
        }

        IReadOnlyList<CollectedReply> replies = await _bench.CollectAsync(Hour with { DownloadParallelism = 3 });

        Assert.Equal(3, most);
        Assert.All(replies, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
    }

    [Fact]
    [Trait("seed", "14")]
    public async Task CollectAsync_SlowDownloads_ReplyTimeIsStampedOnArrival()
    {
        var arrived = TimeSpan.FromSeconds(10);
        var downloading = TimeSpan.FromMinutes(7);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _bench.Serve("node_1", async (request, stop) =>
        {
            begun.SetResult();
            await release.Task.WaitAsync(stop);
            return await WriteAsync("node_1", request, stop);
        });
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour with { MinimumReplies = Quorum.Count(1) });
        _bench.Time.Advance(arrived);
        _bench.Say(RoundBench.Trained("node_1"));
        await begun.Task;
        _bench.Time.Advance(downloading);
        release.SetResult();

        NodeVerdict verdict = (await collecting)[0].Verdict;

        Assert.Equal(
            (arrived, downloading, TimeSpan.FromSeconds(1.5)), (verdict.ReplyTime, verdict.DownloadTime, verdict.TrainingTime));
    }

    public void Dispose() => _bench.Dispose();

    private static async Task<DownloadedFile> WriteAsync(string node, DownloadRequest request, CancellationToken cancellationToken)
    {
        using var file = new NodeParametersFile
        {
            ResearcherId = $"{RoundBench.Researcher}.{node}",
            JobId = RoundBench.Job,
            StateId = null,
            NodeId = node,
            Parameters = RoundBench.Weights(2, 3),
        };
        WrittenFile written = await file.WriteAsync(request.DestinationPath, cancellationToken);
        return new DownloadedFile(written.Path, written.Length, written.Digest);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int seen = most; value > seen; seen = most)
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
