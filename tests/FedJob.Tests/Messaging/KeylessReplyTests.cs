using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Messaging;

/// <summary>Train requests with secure aggregation to Python nodes: they carry no id of their own, so nothing that could be meant twice is used.</summary>
public sealed class KeylessReplyTests : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    private readonly RequestsBench _bench = new();

    [Fact]
    public async Task SendAsync_PythonNode_CarriesTheResearchersOwnId()
    {
        using IReplyWindow window = await SendAsync("researcher_me.1");

        var sent = (TrainRequest)Read(Assert.Single(_bench.Link.Published).Payload);
        Assert.Equal((RequestsBench.Me, "key_1"), (sent.ResearcherId, sent.SecaggServerKeyId));
    }

    [Fact]
    public async Task Replies_OnlyRequestOfNodeAndJob_AreDelivered()
    {
        using IReplyWindow window = await SendAsync("researcher_me.1");

        _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_1", "job_1"));

        Assert.True(window.Replies.TryRead(out NodeReply? reply));
        Assert.Equal("researcher_me.1", reply.Ticket.RequestId);
        Assert.IsType<TrainReply>(reply.Message);
    }

    [Fact]
    public async Task Replies_OfAnotherNodeOrJob_AreRefused()
    {
        using IReplyWindow window = await SendAsync("researcher_me.1");

        _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_2", "job_1"));
        _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_1", "job_2"));

        Assert.False(window.Replies.TryRead(out _));
        Assert.Equal(2, _bench.Requests.RefusedCount);
    }

    [Fact]
    public async Task Compose_EarlierReplyStillOwedWithinItsDeadline_MustNotBeAsked()
    {
        (await SendAsync("researcher_me.1")).Dispose();
        TrainTicket next = Ticket("researcher_me.2");
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([next]);

        Assert.Null(window.Compose(next, Request(), RequestsBench.Properties, out string? refusal));
        Assert.Contains("still owes", refusal, StringComparison.Ordinal);

        _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_1", "job_1"));
        Assert.NotNull(window.Compose(next, Request(), RequestsBench.Properties, out _));
    }

    [Fact]
    [Trait("seed", "5")]
    [Trait("input", "4")]
    public async Task Replies_AfterAnEarlierDeadlinePassedUnanswered_AreUsedForNeitherRequest()
    {
        (await SendAsync("researcher_me.1")).Dispose();
        _bench.Time.Advance(Deadline);
        using IReplyWindow window = await SendAsync("researcher_me.2");

        _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_1", "job_1"));

        Assert.True(window.Replies.TryRead(out NodeReply? reply));
        Assert.Contains("any of 2 requests", Assert.IsType<UnreadableReply>(reply.Message).Flaw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replies_BothOwedRepliesCame_TheNextIsUsedAgain()
    {
        (await SendAsync("researcher_me.1")).Dispose();
        _bench.Time.Advance(Deadline);
        using (IReplyWindow doubtful = await SendAsync("researcher_me.2"))
        {
            _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_1", "job_1"));
        }

        _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_1", "job_1"));
        using IReplyWindow window = await SendAsync("researcher_me.3");
        _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_1", "job_1"));

        Assert.True(window.Replies.TryRead(out NodeReply? reply));
        Assert.IsType<TrainReply>(reply.Message);
    }

    [Fact]
    public async Task Replies_NodeCouldNotBegin_OwesNothing()
    {
        using (IReplyWindow window = await SendAsync("researcher_me.1"))
        {
            _bench.Link.Reply(NodeSays.Error(RequestsBench.Me, "node_1", "FB313: no dataset matching request"));
            Assert.True(window.Replies.TryRead(out NodeReply? reply));
            Assert.IsType<ErrorReply>(reply.Message);
        }

        using IReplyWindow next = await SendAsync("researcher_me.2");
        _bench.Link.Reply(NodeSays.Trained(RequestsBench.Me, "node_1", "job_1"));
        Assert.True(next.Replies.TryRead(out NodeReply? trained));
        Assert.IsType<TrainReply>(trained.Message);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private static TrainTicket Ticket(string requestId) => RequestsBench.Ticket("node_1", requestId) with { Deadline = Deadline };

    private static TrainRequest Request() => RequestsBench.TrainRequest() with
    {
        SecaggServerKeyId = "key_1",
        SecaggBiprimeId = "biprime_1",
        SecaggRandom = 0.5,
    };

    private static ResearcherRequest Read(ReadOnlyMemory<byte> payload) =>
        MessageReader.TryReadFromResearcher(payload, out ResearcherRequest? request, out string? flaw) ? request : throw new InvalidDataException(flaw);

    private async Task<IReplyWindow> SendAsync(string requestId)
    {
        TrainTicket ticket = Ticket(requestId);
        IReplyWindow window = _bench.Requests.OpenReplyWindow([ticket]);
        await RequestsBench.SendAsync(window, ticket, Request());
        return window;
    }
}
