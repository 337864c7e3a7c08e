using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Protocol.Mqtt;
using FedJob.Rounds;
using Moq;

namespace FedJob.Tests.Rounds;

public sealed class LivenessWatchTests : IDisposable
{
    private static readonly RoundPolicy Policy = new() { PingInterval = TimeSpan.FromSeconds(15), Patience = 4, ReturnGrace = TimeSpan.Zero };
    private readonly RoundBench _bench = new();
    private bool _pingsOfOwnSetup;
    private readonly Channel<string> _lost = Channel.CreateUnbounded<string>();

    [Fact]
    public async Task CollectAsync_NodeAnswersNoPing_IsLostAfterPatience()
    {
        _bench.Dead["node_2"] = 0;
        _bench.Serve("node_1");
        _bench.Say(RoundBench.Trained("node_1"));
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");
        await TickAsync(3);
        Assert.False(collecting.IsCompleted);

        _bench.Time.Advance(Policy.PingInterval);

        CollectedReply lost = (await collecting)[1];
        Assert.Equal(VerdictKind.Lost, lost.Verdict.Kind);
        Assert.Contains("4 x 00:00:15", lost.Verdict.Reason, StringComparison.Ordinal);
        _bench.Requests.Verify(r => r.PingAsync(new[] { "node_2" }, It.IsAny<CancellationToken>()), Times.Between(3, 4, Moq.Range.Inclusive));
    }

    [Fact]
    public async Task RunAsync_NodeAnswersInBetween_ItsPatienceBeginsAnew()
    {
        using var stop = new CancellationTokenSource();
        Task watching = Watch().RunAsync(() => ["node_1"], id => id == "node_1", Lost, stop.Token);
        _bench.Dead["node_1"] = 0;
        await TickAsync(2);
        _bench.Dead.Clear();
        await TickAsync(1);
        _bench.Dead["node_1"] = 0;
        await TickAsync(3);
        Assert.False(_lost.Reader.TryRead(out _));

        _bench.Time.Advance(Policy.PingInterval);

        Assert.Equal("node_1", await _lost.Reader.ReadAsync(RoundBench.Token));
        await EndAsync(stop, watching);
        Assert.False(_lost.Reader.TryRead(out _));
    }

    [Fact]
    public async Task RunAsync_OwnLinkDown_NobodyIsLost()
    {
        using var stop = new CancellationTokenSource();
        _pingsOfOwnSetup = true;
        _bench.Requests.Setup(r => r.PingAsync(It.IsAny<IReadOnlyCollection<string>>(), It.IsAny<CancellationToken>()))
            .ThrowsAsync(new MessagingException(FedJobErrorCode.PublishNotAcknowledged, "no broker"));
        Task watching = Watch().RunAsync(() => ["node_1"], id => id == "node_1", Lost, stop.Token);
        await TickAsync(5);

        // The broker took the ping, but the link went down while the pongs were awaited.
        _bench.Requests.SetupGet(r => r.ConnectionState).Returns(ConnectionState.Reconnecting);
        _bench.Requests.Setup(r => r.PingAsync(It.IsAny<IReadOnlyCollection<string>>(), It.IsAny<CancellationToken>())).ReturnsAsync([]);
        await TickAsync(5);

        await EndAsync(stop, watching);
        Assert.False(_lost.Reader.TryRead(out _));
    }

    [Fact]
    public async Task RunAsync_PatienceOfOne_IsLostAfterOneUnansweredPing()
    {
        using var stop = new CancellationTokenSource();
        _bench.Dead["node_1"] = 0;
        Task watching = Watch(Policy with { Patience = 1 }).RunAsync(() => ["node_1"], id => id == "node_1", Lost, stop.Token);

        _bench.Time.Advance(Policy.PingInterval);

        Assert.Equal("node_1", await _lost.Reader.ReadAsync(RoundBench.Token));
        await EndAsync(stop, watching);
    }

    [Fact]
    public async Task IsAliveAsync_PongOrNone_SaysWhich()
    {
        Assert.True(await Watch().IsAliveAsync("node_1", RoundBench.Token));
        _bench.Dead["node_1"] = 0;
        Assert.False(await Watch().IsAliveAsync("node_1", RoundBench.Token));
    }

    public void Dispose() => _bench.Dispose();

    private LivenessWatch Watch(RoundPolicy? policy = null) =>
        new(_bench.Requests.Object, policy ?? Policy, _bench.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

    private static async Task EndAsync(CancellationTokenSource stop, Task watching)
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    private void Lost(CollectorSignal signal)
    {
        if (signal.Kind == CollectorSignal.Kinds.NodeLost)
        {
            _lost.Writer.TryWrite(signal.NodeId!);
        }
    }

    /// <summary>Lets ticks pass one by one, each until its ping is asked.</summary>
    private async Task TickAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            int before = Seen();
            _bench.Time.Advance(Policy.PingInterval);
            while (Seen() == before)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    private int Seen() => Math.Max(_bench.Pings, _pingsOfOwnSetup ? _bench.Requests.Invocations.Count(i => i.Method.Name == nameof(IRequests.PingAsync)) : 0);
}
