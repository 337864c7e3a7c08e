using System.Text.Json.Nodes;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Messaging;

public sealed class ReplyWindowTests : IAsyncDisposable
{
    private readonly RequestsBench _bench = new();

    [Fact]
    public async Task SendAsync_PythonNode_CarriesTheRequestIdAsResearcherAndNoProperties()
    {
        TrainTicket ticket = RequestsBench.Ticket("node_1", "researcher_me.1");
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([ticket]);

        PublishOutcome outcome = await RequestsBench.SendAsync(window, ticket);

        Assert.Equal(PublishOutcome.Accepted, outcome);
        OutboundMessage sent = Assert.Single(_bench.Link.Published);
        Assert.Equal("general/node_1", sent.Topic);
        Assert.Equal("researcher_me.1", (string?)JsonNode.Parse(sent.Payload.Span)!["researcher_id"]);
        Assert.Empty(sent.UserProperties);
    }

    [Fact]
    public async Task SendAsync_FedJobNode_CarriesTheRequestIdBesideTheMessage()
    {
        await MeetFedJobNodeAsync("node_1");
        TrainTicket ticket = RequestsBench.Ticket("node_1", "researcher_me.1");
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([ticket]);

        await RequestsBench.SendAsync(window, ticket);

        OutboundMessage sent = _bench.Link.Published[^1];
        Assert.Equal(RequestsBench.Me, (string?)JsonNode.Parse(sent.Payload.Span)!["researcher_id"]);
        Assert.Equal("researcher_me.1", sent.UserProperties[WireProperties.RequestId]);
        Assert.Equal("5", sent.UserProperties[WireProperties.Seed]);
        Assert.Single(RequestsBench.Properties);
    }

    [Fact]
    public async Task SendAsync_LinkWithoutUserProperties_TreatsEveryNodeByPythonRules()
    {
        await using var bench = new RequestsBench(userProperties: false);
        bench.Link.Answers = (_, content) =>
            bench.Link.Reply(NodeSays.Pong(RequestsBench.Me, "node_1", (int)content["sequence"]!), (WireProperties.FedJob, WireProperties.Version));
        await bench.Requests.PingAsync(["node_1"], RequestsBench.Token);
        bench.Link.OnPublish = (_, _) => Task.CompletedTask;
        TrainTicket ticket = RequestsBench.Ticket("node_1", "researcher_me.1");
        using IReplyWindow window = bench.Requests.OpenReplyWindow([ticket]);

        await RequestsBench.SendAsync(window, ticket);

        Assert.Equal("researcher_me.1", (string?)JsonNode.Parse(bench.Link.Published[^1].Payload.Span)!["researcher_id"]);
        Assert.Empty(bench.Link.Published[^1].UserProperties);
    }

    [Fact]
    public async Task SendAsync_NobodyListens_SaysSo()
    {
        _bench.Link.Outcome = _ => PublishOutcome.NoSubscribers;
        TrainTicket ticket = RequestsBench.Ticket("node_1", "researcher_me.1");
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([ticket]);

        Assert.Equal(
            PublishOutcome.NoSubscribers, await RequestsBench.SendAsync(window, ticket));
    }

    [Fact]
    public async Task Replies_PythonNodeAnswersByTheRequestId_AreDelivered()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);

        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1"));

        NodeReply reply = await window.Replies.ReadAsync(RequestsBench.Token);
        Assert.Equal("researcher_me.1", reply.Ticket.RequestId);
        Assert.Null(reply.ParametersDigest);
        Assert.Equal(0, _bench.Requests.RefusedCount);
    }

    [Fact]
    public async Task Replies_FedJobNodeEchoesTheRequestId_AreDeliveredWithTheDigest()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);
        string digest = "sha256:" + new string('a', 64);

        _bench.Link.Reply(
            NodeSays.Trained(RequestsBench.Me, "node_1", "job_1"),
            (WireProperties.RequestId, "researcher_me.1"),
            (WireProperties.ParametersDigest, digest));

        Assert.Equal(digest, (await window.Replies.ReadAsync(RequestsBench.Token)).ParametersDigest?.ToString());
    }

    [Fact]
    [Trait("input", "3")]
    [Trait("seed", "3")]
    [Trait("seed", "5")]
    [Trait("seed", "6")]
    [Trait("input", "4")]
    public void Replies_ForeignDuplicateLateAndSpoofed_AreRefusedAndCounted()
    {
        TrainTicket ticket = RequestsBench.Ticket("node_1", "researcher_me.1");
        IReplyWindow window = _bench.Requests.OpenReplyWindow([ticket]);

        _bench.Link.Reply(NodeSays.Trained("researcher_other.1", "node_1", "job_1"));
        _bench.Link.Reply(NodeSays.Trained("researcher_me.2", "node_1", "job_1"));
        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_2", "job_1"));
        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_2"));
        _bench.Link.Reply(NodeSays.Trained("researcher_other", "node_1", "job_1"), (WireProperties.RequestId, "researcher_me.1"));
        _bench.Link.Reply(NodeSays.Error("researcher_other", "node_1", "FB301: Protocol error"));
        Assert.False(window.Replies.TryRead(out _));
        Assert.Equal(6, _bench.Requests.RefusedCount);

        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1"));
        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1"));
        Assert.True(window.Replies.TryRead(out _));
        Assert.False(window.Replies.TryRead(out _));
        Assert.Equal(7, _bench.Requests.RefusedCount);

        window.Dispose();
        _bench.Link.Reply(NodeSays.Error("researcher_me.1", "node_1", "FB300: undetermined node error"));
        Assert.Equal(8, _bench.Requests.RefusedCount);
    }

    [Theory]
    [InlineData("FB300: undetermined node error", "NOT_SET", true)]
    [InlineData("FB300: undetermined node error", "<unknown>", true)]
    [InlineData("FB301: Protocol error", "unknown_researcher_id", false)]
    [InlineData("FB312: Node stopped in SIGTERM signal handler", "<unknown>", true)]
    public void Replies_ErrorThatNamesNobody_IsASuspicionOnlyForABrokenDownTaskOrANodeThatStops(string number, string researcher, bool suspicion)
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);

        _bench.Link.Reply(NodeSays.Error(researcher, "node_1", number));

        Assert.Equal(suspicion, window.Replies.TryRead(out NodeReply? reply));
        Assert.Equal(suspicion, reply?.IsSuspicion ?? false);
        Assert.Equal(suspicion ? 0 : 1, _bench.Requests.RefusedCount);
    }

    [Fact]
    public void Replies_ErrorThatNamesNobodyButTheRequest_IsTheRequests()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);

        _bench.Link.Reply(
            NodeSays.Error("unknown_researcher_id", "node_1", "FB301: Protocol error"), (WireProperties.RequestId, "researcher_me.1"));

        Assert.True(window.Replies.TryRead(out NodeReply? reply));
        Assert.False(reply.IsSuspicion);
    }

    [Fact]
    [Trait("input", "2")]
    public void Replies_MalformedTrainReplyOfAnOutstandingRequest_EndsItNamingTheField()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);

        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1").Replace("\"sample_size\":10", "\"sample_size\":\"ten\"", StringComparison.Ordinal));

        Assert.True(window.Replies.TryRead(out NodeReply? reply));
        Assert.Contains("sample_size", Assert.IsType<UnreadableReply>(reply.Message).Flaw, StringComparison.Ordinal);
        Assert.Equal(1, _bench.Requests.RefusedCount);
    }

    [Theory]
    [InlineData("researcher_other.1", "node_1")]
    [InlineData("researcher_me.1", "node_2")]
    [InlineData("researcher_me.2", "node_1")]
    [Trait("input", "3")]
    public void Replies_MalformedTrainReplyOfNobodysRequest_EndsNothing(string researcher, string node)
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);

        _bench.Link.Reply(NodeSays.Trained(researcher, node, "job_1").Replace("\"sample_size\":10", "\"sample_size\":\"ten\"", StringComparison.Ordinal));

        Assert.False(window.Replies.TryRead(out _));
        Assert.Equal(1, _bench.Requests.RefusedCount);
    }

    [Fact]
    public void IsOnlyRequest_SecondJobAsksTheSameNode_IsNoMore()
    {
        TrainTicket mine = RequestsBench.Ticket("node_1", "researcher_me.1");
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([mine]);
        Assert.True(window.IsOnlyRequest(mine));

        using IReplyWindow other = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.2", "job_2")]);
        Assert.False(window.IsOnlyRequest(mine));

        _bench.Link.Reply(NodeSays.Trained("researcher_me.2", "node_1", "job_2"));
        Assert.True(window.IsOnlyRequest(mine));
    }

    [Fact]
    public void OpenReplyWindow_RequestIdTaken_LeavesNothingHalfOpen()
    {
        TrainTicket taken = RequestsBench.Ticket("node_1", "researcher_me.1");
        using IReplyWindow first = _bench.Requests.OpenReplyWindow([taken]);
        TrainTicket fresh = RequestsBench.Ticket("node_2", "researcher_me.2");

        Assert.Throws<InvalidOperationException>(() => _bench.Requests.OpenReplyWindow([fresh, taken]));

        using IReplyWindow again = _bench.Requests.OpenReplyWindow([fresh]);
        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1"));
        Assert.True(first.Replies.TryRead(out _));
    }

    [Fact]
    public async Task Replies_LinkCloses_ArrivedRepliesComeFirstThenTheReason()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);
        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1"));

        _bench.Link.Close(new MessagingException(FedJob.Abstractions.FedJobErrorCode.BrokerAuthenticationFailed, "no more"));

        Assert.True(window.Replies.TryRead(out _));
        MessagingException lost = await Assert.ThrowsAsync<MessagingException>(async () => await window.Replies.WaitToReadAsync(RequestsBench.Token));
        Assert.Equal("no more", lost.Message);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async Task MeetFedJobNodeAsync(string node)
    {
        _bench.Link.Answers = (_, content) =>
            _bench.Link.Reply(NodeSays.Pong(RequestsBench.Me, node, (int)content["sequence"]!), (WireProperties.FedJob, WireProperties.Version));
        await _bench.Requests.PingAsync([node], RequestsBench.Token);
        _bench.Link.OnPublish = (_, _) => Task.CompletedTask;
    }
}
