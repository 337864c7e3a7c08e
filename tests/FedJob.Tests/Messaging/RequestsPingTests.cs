using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Messaging;

public sealed class RequestsPingTests : IAsyncDisposable
{
    private readonly RequestsBench _bench = new();

    [Fact]
    public async Task PingAsync_TwoNodes_ReturnsThemInOrderWhenItIsQuiet()
    {
        _bench.AnswerPings("node_2", "node_1");

        Task<IReadOnlyList<NodePong>> ping = _bench.Requests.PingAsync(cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.LeastQuiet);

        Assert.Equal(["node_1", "node_2"], (await ping).Select(p => p.NodeId));
        Assert.Equal(Topics.AllNodes, Assert.Single(_bench.Link.Published).Topic);
    }

    [Fact]
    public async Task PingAsync_NobodyThere_ReturnsNoneAfterTheWindow()
    {
        Task<IReadOnlyList<NodePong>> ping = _bench.Requests.PingAsync(cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.Window);

        Assert.Empty(await ping);
    }

    [Fact]
    [Trait("seed", "8")]
    public async Task PingAsync_NodesNamed_AsksOnlyThemAndReturnsAtOnceWhenAllAnswered()
    {
        _bench.AnswerPings("node_1", "node_2", "node_3");

        IReadOnlyList<NodePong> pongs = await _bench.Requests.PingAsync(["node_3", "node_1"], RequestsBench.Token);

        Assert.Equal(["node_1", "node_3"], pongs.Select(p => p.NodeId));
        Assert.Equal(["general/node_1", "general/node_3"], _bench.Link.Published.Select(m => m.Topic).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task PingAsync_ManyNodesNamed_AsksAllByOneMessageAndLetsOthersGo()
    {
        string[] named = [.. Enumerable.Range(0, 17).Select(i => $"node_{i}")];
        _bench.AnswerPings(["stranger", .. named]);

        IReadOnlyList<NodePong> pongs = await _bench.Requests.PingAsync(named, RequestsBench.Token);

        Assert.Equal(named.Order(StringComparer.Ordinal), pongs.Select(p => p.NodeId));
        Assert.Equal(Topics.AllNodes, Assert.Single(_bench.Link.Published).Topic);
    }

    [Fact]
    public async Task PingAsync_OneNamedNodeSilent_ReturnsTheOthersAfterTheWindow()
    {
        _bench.AnswerPings("node_1");

        Task<IReadOnlyList<NodePong>> ping = _bench.Requests.PingAsync(["node_1", "node_2"], RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.Window);

        Assert.Equal("node_1", Assert.Single(await ping).NodeId);
    }

    [Fact]
    public async Task PingAsync_PublishingWaitedForTheBroker_NodesStillGetTheWholeWindow()
    {
        _bench.Link.OnPublish = (_, _) =>
        {
            _bench.Time.Advance(TimeSpan.FromSeconds(8));
            return Task.CompletedTask;
        };

        Task<IReadOnlyList<NodePong>> ping = _bench.Requests.PingAsync(cancellationToken: RequestsBench.Token);
        await _bench.Time.TimerOfAsync(RequestsBench.Window);
        _bench.Link.Reply(NodeSays.Pong(RequestsBench.Me, "node_1", 1));
        await _bench.Time.TimerOfAsync(RequestsBench.Window);
        _bench.Time.Advance(RequestsBench.Window);

        Assert.Equal("node_1", Assert.Single(await ping).NodeId);
    }

    [Fact]
    [Trait("input", "3")]
    public async Task PingAsync_PongsOfOtherResearchersAndPings_AreIgnored()
    {
        _bench.Link.Answers = (_, content) =>
        {
            _bench.Link.Reply(NodeSays.Pong("researcher_other", "node_1", (int)content["sequence"]!));
            _bench.Link.Reply(NodeSays.Pong(RequestsBench.Me + "x", "node_2", (int)content["sequence"]!));
            _bench.Link.Reply(NodeSays.Pong(RequestsBench.Me, "node_3", (int)content["sequence"]! + 1));
            _bench.Link.Reply("not a message");
        };

        Task<IReadOnlyList<NodePong>> ping = _bench.Requests.PingAsync(cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.Window);

        Assert.Empty(await ping);
        Assert.Equal(3, _bench.Requests.RefusedCount);
    }

    [Fact]
    public async Task PingAsync_FedJobNode_IsKnownAsOne()
    {
        _bench.Link.Answers = (_, content) =>
        {
            _bench.Link.Reply(NodeSays.Pong(RequestsBench.Me, "node_1", (int)content["sequence"]!), (WireProperties.FedJob, WireProperties.Version));
            _bench.Link.Reply(NodeSays.Pong(RequestsBench.Me, "node_2", (int)content["sequence"]!));
        };

        IReadOnlyList<NodePong> pongs = await _bench.Requests.PingAsync(["node_1", "node_2"], RequestsBench.Token);

        Assert.Equal([true, false], pongs.Select(p => p.IsFedJobNode));
    }

    [Fact]
    [Trait("seed", "7")]
    public async Task PingAsync_TwoAtOnce_EachGetsItsOwnPongs()
    {
        _bench.AnswerPings("node_1", "node_2");

        Task<IReadOnlyList<NodePong>> one = _bench.Requests.PingAsync(["node_1"], RequestsBench.Token);
        Task<IReadOnlyList<NodePong>> two = _bench.Requests.PingAsync(["node_2"], RequestsBench.Token);

        Assert.Equal("node_1", Assert.Single(await one).NodeId);
        Assert.Equal("node_2", Assert.Single(await two).NodeId);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task PingAsync_NoNodeNamed_IsRefusedBeforeAnythingIsSent()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.Requests.PingAsync([], RequestsBench.Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.Requests.PingAsync(["node/1"], RequestsBench.Token));

        Assert.Empty(_bench.Link.Published);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();
}
