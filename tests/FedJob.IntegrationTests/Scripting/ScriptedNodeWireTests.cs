using System.Diagnostics;
using FedJob.Protocol.Messages;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>What a scripted node says on the wire, line by line of its script.</summary>
public sealed class ScriptedNodeWireTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_RepeatedAfterItsReply_AnsweredFromTheKeptReplyWithoutTraining()
    {
        ScriptedNode node = ScriptedWire.Instant("a");
        await using ScriptedWire wire = await ScriptedWire.StartAsync(node);

        await wire.AskAsync(node, 0, "r1");
        Assert.Equal(["r1"], await wire.NextAsync(1));
        await wire.AskAsync(node, 0, "r1");
        Assert.Equal(["r1"], await wire.NextAsync(1));
        await wire.AskAsync(node, 0, "r2");
        Assert.Equal(["r2"], await wire.NextAsync(1));

        Assert.Equal((3, 1, 2), (node.Counters.Requests, node.Counters.RepeatedRequests, node.Counters.Trainings));
    }

    [Fact]
    public async Task Request_RepeatedWhileItIsTrained_TrainedAndAnsweredOnce()
    {
        ScriptedNode node = ScriptedWire.Instant("a").RepliesLate(onRound: 0);
        await using ScriptedWire wire = await ScriptedWire.StartAsync(node);

        await wire.AskAsync(node, 0, "r1");
        await node.WaitForAsync(c => c.Trainings == 1, Token);
        await wire.AskAsync(node, 0, "r1");
        await node.WaitForAsync(c => c.RepeatedRequests == 1, Token);
        await wire.AskAsync(node, 1, "r2");

        Assert.Equal(["r1", "r2"], await wire.NextAsync(2));
        Assert.Equal((2, 2), (node.Counters.Trainings, node.Counters.Replies));
    }

    [Fact]
    [Trait("fault", "4")]
    public async Task Duplicates_EachReply_IsSentTwice()
    {
        ScriptedNode node = ScriptedWire.Instant("a").Duplicates();
        await using ScriptedWire wire = await ScriptedWire.StartAsync(node);

        await wire.AskAsync(node, 0, "r1");

        Assert.Equal(["r1", "r1"], await wire.NextAsync(2));
    }

    [Fact]
    [Trait("fault", "4")]
    public async Task RepliesLate_UntilTheNextRequest_ComesRightBeforeItsAnswer()
    {
        ScriptedNode node = ScriptedWire.Instant("a").RepliesLate(onRound: 0);
        await using ScriptedWire wire = await ScriptedWire.StartAsync(node);

        await wire.AskAsync(node, 0, "r1");
        await node.WaitForAsync(c => c.Trainings == 1, Token);
        await wire.AskAsync(node, 1, "r2");

        Assert.Equal(["r1", "r2"], await wire.NextAsync(2));
    }

    [Fact]
    public async Task FailsOnRound_ForSomeTimes_ThenTrains()
    {
        ScriptedNode node = ScriptedWire.Instant("a").FailsOnRound(1, "no luck", times: 1);
        await using ScriptedWire wire = await ScriptedWire.StartAsync(node);

        await wire.AskAsync(node, 1, "r1");
        Assert.Equal(["r1: no luck"], await wire.NextAsync(1));
        await wire.AskAsync(node, 1, "r2");

        Assert.Equal(["r2"], await wire.NextAsync(1));
    }

    [Fact]
    public async Task GoesSilent_OnItsRound_AnswersNothingAnyMoreUntilItBehaves()
    {
        ScriptedNode node = ScriptedWire.Instant("a").GoesSilent(onRound: 2);
        await using ScriptedWire wire = await ScriptedWire.StartAsync(node);
        await wire.AskAsync(node, 1, "r1");
        Assert.Equal(["r1"], await wire.NextAsync(1));

        await wire.AskAsync(node, 2, "r2");
        await wire.SendAsync(Topics.Node("a"), new PingRequest { ResearcherId = "researcher_1", Sequence = 1 }, "p1");
        await node.WaitForAsync(c => c.Unanswered == 1, Token);
        Assert.Equal(0, node.Counters.Pongs);
        node.Behaves();
        await wire.AskAsync(node, 2, "r2");

        Assert.Equal(["r2"], await wire.NextAsync(1));
        Assert.Equal(1, node.Counters.RepeatedRequests);
    }

    [Fact]
    [Trait("fault", "2")]
    public async Task Crashes_OnItsRound_LastWillWithinASecondAndBackWithItsReplies()
    {
        ScriptedNode node = ScriptedWire.Instant("a").Crashes(onRound: 1, backAfter: TimeSpan.FromMilliseconds(300));
        await using ScriptedWire wire = await ScriptedWire.StartAsync(node);
        await wire.PresenceAsync("a", "online");
        await wire.AskAsync(node, 0, "r1");
        Assert.Equal(["r1"], await wire.NextAsync(1));

        await wire.AskAsync(node, 1, "r2");
        long begun = Stopwatch.GetTimestamp();
        await wire.PresenceAsync("a", "offline");
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0, 1);
        await wire.PresenceAsync("a", "online");
        await wire.AskAsync(node, 1, "r2");
        await wire.AskAsync(node, 0, "r1");

        Assert.Equal(["r1", "r2"], (await wire.NextAsync(2)).Order());
        Assert.Equal((2, 1, 2), (node.Counters.Trainings, node.Counters.Crashes, node.Counters.Connections));
    }

    [Fact]
    public async Task StartAsync_SharedConnection_EachNodeIsOnlineAndCannotCrashAlone()
    {
        ScriptedNode[] nodes = [ScriptedWire.Instant("a"), ScriptedWire.Instant("b"), ScriptedWire.Instant("c").Crashes(5)];
        await using ScriptedWire wire = await ScriptedWire.StartAsync(
            new ScriptedFleetOptions { NodesPerConnection = 2 }, TimeProvider.System, nodes);

        await wire.PresenceAsync("a", "online");
        Assert.Equal(2, wire.Fleet.ConnectionCount);
        await Assert.ThrowsAsync<InvalidOperationException>(() => wire.Fleet.CrashAsync("b", Token));
        await wire.Fleet.CrashAsync("c", Token);
        await wire.PresenceAsync("c", "offline");
        await wire.Fleet.RestartAsync("c", Token);
        await wire.PresenceAsync("c", "online");
    }

    [Fact]
    public async Task StartAsync_ThousandNodesOverFourConnections_AllAnswerASearchAndARequest()
    {
        ScriptedNode[] nodes = [.. Enumerable.Range(0, 1000).Select(i => ScriptedWire.Instant($"n{i:0000}"))];
        await using ScriptedWire wire = await ScriptedWire.StartAsync(
            new ScriptedFleetOptions { NodesPerConnection = 250 }, TimeProvider.System, nodes);

        await wire.SendAsync(Topics.AllNodes, new PingRequest { ResearcherId = "researcher_1", Sequence = 1 }, "p1");
        await Task.WhenAll(nodes.Select(node => node.WaitForAsync(c => c.Pongs == 1, Token))).WaitAsync(TestTimeouts.Default, Token);
        foreach (ScriptedNode node in nodes)
        {
            await wire.AskAsync(node, 0, $"r_{node.NodeId}");
        }

        await Task.WhenAll(nodes.Select(node => node.WaitForAsync(c => c.Replies == 1, Token))).WaitAsync(TestTimeouts.Default, Token);
        Assert.Equal(4, wire.Fleet.ConnectionCount);
    }

    [Fact]
    public async Task StartAsync_SameIdTwice_IsRefused() => await Assert.ThrowsAsync<ArgumentException>(
        () => ScriptedFleet.StartAsync(new ScriptedFleetOptions(), [ScriptedWire.Instant("a"), ScriptedWire.Instant("a")], cancellationToken: Token));
}
