using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace FedJob.Tests.Messaging;

public sealed class RequestsLifeTests : IAsyncDisposable
{
    private readonly RequestsBench _bench = new();

    [Fact]
    public async Task SearchAsync_LinkClosesWhileWaiting_FailsAndSoDoesTheNextInTurn()
    {
        Task<FederatedDataset> search = _bench.Requests.SearchAsync(["a"], cancellationToken: RequestsBench.Token);
        Task<IReadOnlyList<NodePong>> ping = _bench.Requests.PingAsync(cancellationToken: RequestsBench.Token);
        Task<FederatedDataset> queued = _bench.Requests.SearchAsync(["b"], cancellationToken: RequestsBench.Token);
        await _bench.Time.TimerOfAsync(RequestsBench.Window);
        await _bench.Time.TimerOfAsync(RequestsBench.Window);

        _bench.Link.Close();

        Assert.Equal(FedJobErrorCode.ConnectionClosed, (await Assert.ThrowsAsync<MessagingException>(() => search)).Code);
        Assert.Equal(FedJobErrorCode.ConnectionClosed, (await Assert.ThrowsAsync<MessagingException>(() => ping)).Code);
        await Assert.ThrowsAsync<MessagingException>(() => queued);
    }

    [Fact]
    public async Task DisposeAsync_LinkStillOpen_EndsAndTellsWhoeverWaits()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);
        Task<FederatedDataset> search = _bench.Requests.SearchAsync(["a"], cancellationToken: RequestsBench.Token);
        Task<FederatedDataset> queued = _bench.Requests.SearchAsync(["b"], cancellationToken: RequestsBench.Token);
        await _bench.Time.TimerOfAsync(RequestsBench.Window);

        await _bench.Requests.DisposeAsync();
        await _bench.Requests.DisposeAsync();

        await Assert.ThrowsAsync<MessagingException>(() => search);
        await Assert.ThrowsAsync<MessagingException>(() => queued);
        await Assert.ThrowsAsync<MessagingException>(async () => await window.Replies.WaitToReadAsync(RequestsBench.Token));
        Assert.Equal(ConnectionState.Open, _bench.Link.State);
    }

    [Fact]
    public async Task AnyCall_AfterDisposal_IsRefused()
    {
        await _bench.Requests.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => _bench.Requests.PingAsync(cancellationToken: RequestsBench.Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _bench.Requests.SearchAsync([], cancellationToken: RequestsBench.Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _bench.Requests.ListAsync(cancellationToken: RequestsBench.Token));
        Assert.Throws<ObjectDisposedException>(() => _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]));
        Assert.Empty(_bench.Link.Published);
    }

    [Fact]
    public void NewRequestId_FirstOfAClient_IsNotThatOfAnEarlierOneWithTheSameResearcher()
    {
        string first = _bench.Requests.NewRequestId();
        string second = _bench.Requests.NewRequestId();
        _bench.Time.Advance(TimeSpan.FromSeconds(1));
        var later = new Requests(new FakeLink(_bench.Time), RequestsBench.Me, RequestsBench.Window, RequestsBench.ApprovalWindow, NullLogger<Requests>.Instance, _bench.Time);

        string[] ids = [first, second, later.NewRequestId()];

        Assert.Equal(3, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches(@"^researcher_me\.[0-9]+$", id));
        Assert.All(ids, id => Assert.True(Identifier.IsValid(id)));
    }

    [Fact]
    public void Constructor_LinkWithoutASubscription_SaysSoAtOnce()
    {
        var link = new Mock<IMqttLink>();
        link.Setup(l => l.GetMessages(It.IsAny<string>())).Throws(new ArgumentException("no such subscription"));

        Assert.Throws<ArgumentException>(
            () => new Requests(link.Object, RequestsBench.Me, RequestsBench.Window, RequestsBench.ApprovalWindow, NullLogger<Requests>.Instance, _bench.Time));
    }

    [Theory]
    [InlineData("researcher/1", 1)]
    [InlineData("", 1)]
    [InlineData("researcher_1", 0)]
    public void Constructor_BadArguments_AreRefused(string researcher, int seconds) => Assert.ThrowsAny<ArgumentException>(
        () => new Requests(_bench.Link, researcher, TimeSpan.FromSeconds(seconds), RequestsBench.ApprovalWindow, NullLogger<Requests>.Instance, _bench.Time));

    [Fact]
    [Trait("input", "1")]
    public async Task RefusedMessages_OfOneSender_AreLoggedOnce()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);
        for (int i = 0; i < 10; i++)
        {
            _bench.Link.Reply("{");
            _bench.Link.Reply(NodeSays.Trained("researcher_me.99", "node_2", "job_1"));
            _bench.Link.Reply(NodeSays.Trained("researcher_other", "node_3", "job_1"));
        }

        Assert.Equal(30, _bench.Requests.RefusedCount);
        Assert.Equal(2, _bench.Logs.GetSnapshot().Count(r => r.Id.Id == 1250));
        Assert.DoesNotContain(_bench.Logs.GetSnapshot(), r => r.Message.Contains("node_3", StringComparison.Ordinal));
        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1"));
        Assert.NotNull(await window.Replies.ReadAsync(RequestsBench.Token));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();
}
