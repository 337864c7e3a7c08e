using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Protocol.Mqtt;
using FedJob.Rounds;
using Moq;

namespace FedJob.Tests.Rounds;

/// <summary>What the presence that the broker tells of a node does to a round.</summary>
public sealed class PresenceTests : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);
    private static readonly RoundPolicy Policy = new()
    {
        Deadline = TimeSpan.FromHours(1),
        PingInterval = TimeSpan.FromHours(2),
        ReturnGrace = TimeSpan.Zero,
    };

    private readonly RoundBench _bench = new();

    [Fact]
    [Trait("fault", "2")]
    public async Task CollectAsync_LastWillAndNoPong_LostWithinASecond()
    {
        var asked = new TaskCompletionSource();
        _bench.Requests.Setup(r => r.PingAsync(It.IsAny<IReadOnlyCollection<string>>(), It.IsAny<CancellationToken>()))
            .Returns(async (IReadOnlyCollection<string>? _, CancellationToken stop) =>
            {
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, stop);
                return [];
            });
        Answer("node_1");
        long began = _bench.Time.GetTimestamp();
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");

        _bench.Announce("node_2", online: false);
        await asked.Task;
        await _bench.Time.TimerOfAsync(TimeSpan.FromMilliseconds(700));
        _bench.Time.Advance(TimeSpan.FromMilliseconds(700));
        await _bench.AnnouncedAsync(RoundEventKind.NodeLost, "node_2");
        await _bench.Time.PassAsync(TimeSpan.Zero);

        CollectedReply lost = (await collecting)[1];
        Assert.Equal(VerdictKind.Lost, lost.Verdict.Kind);
        Assert.Contains("broke off", lost.Verdict.Reason, StringComparison.Ordinal);
        Assert.InRange(_bench.Time.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    [Trait("input", "3")]
    public async Task CollectAsync_SpoofedWill_NobodyIsLost()
    {
        var pinged = new TaskCompletionSource();
        _bench.Requests.Setup(r => r.PingAsync(It.IsAny<IReadOnlyCollection<string>>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(() =>
            {
                pinged.TrySetResult();
                return [new NodePong("node_2", IsFedJobNode: true, TimeSpan.Zero)];
            });
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);

        _bench.Announce("node_2", online: false);
        await pinged.Task;
        Answer("node_1", "node_2");

        Assert.All(await collecting, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
        Assert.DoesNotContain(Events(), e => e.Kind == RoundEventKind.NodeLost);
    }

    [Fact]
    public async Task CollectAsync_WillOfANodeThatHasReplied_IsNoNews()
    {
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");

        _bench.Dead["node_1"] = 0;
        _bench.Announce("node_1", online: false);
        _bench.Announce("node_9", online: false);
        Answer("node_2");

        Assert.All(await collecting, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
        Assert.Equal(0, _bench.Pings);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CollectAsync_NodeConnectsAnew_IsAskedAgain(bool fedJob)
    {
        BeFedJob(fedJob);
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);

        _bench.Announce("node_2", online: true);
        TrainTicket again = await _bench.AskedAsync();
        Answer(again);

        Assert.Equal("node_2", again.NodeId);
        Assert.Equal(fedJob, again.RequestId == RoundBench.Ticket("node_2").RequestId);
        Assert.All(await collecting, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CollectAsync_LostNodeComesBackWithinItsGrace_IsAskedAgain(bool fedJob)
    {
        BeFedJob(fedJob);
        _bench.Unheard = ["node_2"];
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy with { ReturnGrace = Grace });
        await _bench.AnnouncedAsync(RoundEventKind.NodeLost, "node_2");

        _bench.Announce("node_2", online: true);
        await _bench.AnnouncedAsync(RoundEventKind.NodeReturned, "node_2");
        TrainTicket again = await _bench.AskedAsync();
        Answer(again);

        Assert.Equal(fedJob, again.RequestId == RoundBench.Ticket("node_2").RequestId);
        Assert.Equal(fedJob ? [] : ["request node_2"], _bench.Journal.Entries.Where(e => e.StartsWith("request", StringComparison.Ordinal)));
        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Succeeded], (await collecting).Select(r => r.Verdict.Kind));
    }

    [Fact]
    public async Task CollectAsync_PythonNodeComesBackAndNoRetryIsLeft_IsNotAsked()
    {
        _bench.Unheard = ["node_2"];
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy with { ReturnGrace = Grace, Retries = 0 });
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");

        _bench.Announce("node_2", online: true);
        await _bench.AnnouncedAsync(RoundEventKind.NodeReturned, "node_2");
        _bench.Time.Advance(Policy.Deadline);

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.TimedOut], (await collecting).Select(r => r.Verdict.Kind));
        Assert.False(_bench.Sent.Reader.TryRead(out _));
    }

    [Fact]
    public async Task CollectAsync_PythonNodeComesBackTwice_IsAskedOnlyAsOftenAsItsRetries()
    {
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        _bench.Announce("node_2", online: true);
        await _bench.AnnouncedAsync(RoundEventKind.Acknowledged, "node_2");

        for (int i = 0; i < 5; i++)
        {
            _bench.Announce("node_2", online: true);
        }

        Answer("node_2");
        await collecting;

        await _bench.AskedAsync();
        Assert.False(_bench.Sent.Reader.TryRead(out _));
    }

    [Fact]
    public async Task CollectAsync_LostNodeStaysAway_TheQuorumIsMissedOnlyAfterItsGrace()
    {
        _bench.Unheard = ["node_2"];
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy with { ReturnGrace = Grace });
        await _bench.Time.TimerOfAsync(Grace);
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");

        _bench.Time.Advance(Grace - TimeSpan.FromTicks(1));
        Assert.False(collecting.IsCompleted);
        _bench.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Lost], (await collecting).Select(r => r.Verdict.Kind));
    }

    [Fact]
    public async Task CollectAsync_OwnLinkIsBack_AllUnansweredAreAskedAgain()
    {
        using var bench = new RoundBench(nodes: 3);
        bench.FedJobNodes["node_2"] = 0;
        bench.Serve("node_1");
        bench.Say(RoundBench.Trained("node_1"));
        Task<IReadOnlyList<CollectedReply>> collecting = bench.CollectAsync(Policy);
        await bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");

        bench.RestoreLink();
        TrainTicket[] asked = [await bench.AskedAsync(), await bench.AskedAsync()];

        Assert.Equal(["node_2", "node_3"], asked.Select(t => t.NodeId).Order(StringComparer.Ordinal));
        Assert.Contains(RoundBench.Ticket("node_2").RequestId, asked.Select(t => t.RequestId));
        Assert.DoesNotContain(RoundBench.Ticket("node_3").RequestId, asked.Select(t => t.RequestId));
        Array.ForEach(asked, t =>
        {
            bench.Serve(t.NodeId);
            bench.Say(t, RoundBench.Trained(t.NodeId));
        });
        Assert.All(await collecting, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
        Assert.False(bench.Sent.Reader.TryRead(out _));
    }

    [Fact]
    public async Task CollectAsync_BrokerGoneWhileAskingAgain_TheNextReturnAsks()
    {
        bool refuse = true;
        _bench.Publish = _ => refuse ? throw new MessagingException(FedJobErrorCode.PublishNotAcknowledged, "no broker") : PublishOutcome.Accepted;
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");
        _bench.Announce("node_2", online: true);
        await _bench.AnnouncedAsync(RoundEventKind.Repeated, "node_2");

        // The refused request is no retry: once the link is back the node is asked.
        refuse = false;
        while (!_bench.Sent.Reader.TryPeek(out _))
        {
            RoundBench.Token.ThrowIfCancellationRequested();
            _bench.RestoreLink();
            await Task.Yield();
        }

        Answer(await _bench.AskedAsync());
        Assert.All(await collecting, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
    }

    public void Dispose() => _bench.Dispose();

    private void BeFedJob(bool fedJob)
    {
        if (fedJob)
        {
            _bench.FedJobNodes["node_2"] = 0;
        }
    }

    private List<(RoundEventKind Kind, string? Node)> Events()
    {
        List<(RoundEventKind Kind, string? Node)> seen = [];
        while (_bench.Events.Reader.TryRead(out (RoundEventKind Kind, string? Node) one))
        {
            seen.Add(one);
        }

        return seen;
    }

    private void Answer(TrainTicket ticket)
    {
        _bench.Serve(ticket.NodeId);
        _bench.Say(ticket, RoundBench.Trained(ticket.NodeId));
    }

    private void Answer(params string[] nodes) => Array.ForEach(nodes, n => Answer(RoundBench.Ticket(n)));
}
