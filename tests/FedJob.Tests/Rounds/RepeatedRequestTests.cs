using FedJob.Messaging;
using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

/// <summary>Requests that were sent twice, tasks that broke down, nodes that the caller no longer wants.</summary>
public sealed class RepeatedRequestTests : IDisposable
{
    private static readonly TimeSpan ErrorPatience = TimeSpan.FromSeconds(2);
    private static readonly RoundPolicy Policy = new()
    {
        Deadline = TimeSpan.FromHours(1),
        PingInterval = TimeSpan.FromHours(2),
        ReturnGrace = TimeSpan.Zero,
    };

    private readonly RoundBench _bench = new();

    [Theory]
    [Trait("fault", "4")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CollectAsync_RepliesToBothRequests_TheFirstIsUsed(bool firstRequestFirst)
    {
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        _bench.Announce("node_2", online: true);
        TrainTicket[] tickets = [RoundBench.Ticket("node_2"), await _bench.AskedAsync()];
        _bench.Serve("node_2");
        foreach ((TrainTicket ticket, long samples) in (firstRequestFirst ? tickets : tickets.Reverse()).Zip([11L, 22L]))
        {
            _bench.Say(ticket, RoundBench.Trained("node_2") with { SampleCount = samples });
        }

        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_2");
        _bench.Serve("node_1");
        _bench.Say(RoundBench.Trained("node_1"));
        IReadOnlyList<CollectedReply> replies = await collecting;

        Assert.Equal((VerdictKind.Succeeded, 11L), (replies[1].Verdict.Kind, replies[1].Verdict.SampleCount));
        Assert.Single(_bench.Journal.Entries, "reply node_2");
        Assert.Single(_bench.Journal.Entries, "verdict node_2 Succeeded");
    }

    [Fact]
    public async Task CollectAsync_CallerCancelsANode_ItsLateReplyIsNotUsed()
    {
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy with { MinimumReplies = Quorum.Count(1), Grace = Policy.Deadline });
        _bench.Collector!.Cancel("node_2");
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_2");

        _bench.Say(RoundBench.Trained("node_2"));
        _bench.Serve("node_1");
        _bench.Say(RoundBench.Trained("node_1"));
        IReadOnlyList<CollectedReply> replies = await collecting;

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Cancelled], replies.Select(r => r.Verdict.Kind));
        Assert.DoesNotContain("reply node_2", _bench.Journal.Entries);
    }

    [Fact]
    public async Task CollectAsync_CallerCancelsANodeWhoseFileComes_TheRoundEndsWithoutIt()
    {
        Task begun = _bench.ServeForever("node_2");
        _bench.Serve("node_1");
        _bench.Say(RoundBench.Trained("node_2"));
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        await begun;

        _bench.Collector!.Cancel("node_2");
        _bench.Say(RoundBench.Trained("node_1"));

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Cancelled], (await collecting).Select(r => r.Verdict.Kind));
    }

    [Fact]
    public async Task CollectAsync_TaskBrokeDownWithoutAWord_OneRetryThenFailed()
    {
        _bench.Serve("node_1");
        _bench.Say(RoundBench.Trained("node_1"));
        _bench.Say(RoundBench.Error("node_2", "FB300: undetermined node error", "broken"), suspicion: true);
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        await _bench.Time.PassAsync(ErrorPatience);
        TrainTicket again = await _bench.AskedAsync();
        Assert.NotEqual(RoundBench.Ticket("node_2").RequestId, again.RequestId);
        await _bench.AnnouncedAsync(RoundEventKind.Acknowledged, "node_2");
        Assert.False(collecting.IsCompleted);

        _bench.Say(again, RoundBench.Error("node_2", "FB300: undetermined node error", "broken"), suspicion: true);
        await _bench.Time.PassAsync(ErrorPatience);

        CollectedReply failed = (await collecting)[1];
        Assert.Equal(VerdictKind.TrainingFailed, failed.Verdict.Kind);
        Assert.Contains("unattributed: FB300", failed.Verdict.Reason, StringComparison.Ordinal);
        Assert.False(_bench.Sent.Reader.TryRead(out _));
    }

    [Fact]
    public async Task CollectAsync_ErrorThatMayBeOfAnotherRequest_DecidesNothing()
    {
        _bench.IsOnly = false;
        _bench.Say(RoundBench.Error("node_2", "FB300: undetermined node error", "broken"), suspicion: true);
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Policy);
        await _bench.Time.PassAsync(ErrorPatience);
        foreach (string node in _bench.Nodes)
        {
            _bench.Serve(node);
            _bench.Say(RoundBench.Trained(node));
        }

        Assert.All(await collecting, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
        Assert.False(_bench.Sent.Reader.TryRead(out _));
    }

    [Theory]
    [Trait("fault", "2")]
    [InlineData(1)]
    [InlineData(4)]
    public async Task CollectAsync_NodeStopsAndIsBackBeforeTheNextPing_IsAskedAgainOnceAndNotLost(int patience)
    {
        RoundPolicy policy = Policy with { PingInterval = TimeSpan.FromMinutes(5), Patience = patience };
        _bench.Say(RoundBench.Error("node_2", "FB312: Node stopped in SIGTERM signal handler", ""), suspicion: true);
        _bench.Serve("node_1");
        _bench.Say(RoundBench.Trained("node_1"));
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(policy);
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");
        await _bench.Time.PassAsync(policy.PingInterval);

        TrainTicket again = await _bench.AskedAsync();
        _bench.Serve("node_2");
        _bench.Say(again, RoundBench.Trained("node_2"));

        Assert.All(await collecting, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
        Assert.NotEqual(RoundBench.Ticket("node_2").RequestId, again.RequestId);
        Assert.False(_bench.Sent.Reader.TryRead(out _));
        while (_bench.Events.Reader.TryRead(out (RoundEventKind Kind, string? Node) seen))
        {
            Assert.NotEqual(RoundEventKind.NodeLost, seen.Kind);
        }
    }

    public void Dispose() => _bench.Dispose();
}
