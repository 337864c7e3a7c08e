using System.Threading.Channels;
using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Messaging;

public sealed class PendingRepliesTests
{
    private readonly PendingReplies _pending = new(TimeProvider.System);
    private readonly Channel<NodeReply> _replies = Channel.CreateBounded<NodeReply>(100);
    private readonly TrainTicket _ticket = RequestsBench.Ticket("node_1", "me.1");

    public PendingRepliesTests() => _pending.Add(_ticket, _replies.Writer);

    [Fact]
    public void TryDeliver_ItsOwnReply_ReachesTheWindow()
    {
        Assert.Null(Deliver(Trained()));

        Assert.True(_replies.Reader.TryRead(out NodeReply? reply));
        Assert.Equal(_ticket, reply.Ticket);
        Assert.Equal(42, reply.ArrivalTimestamp);
        Assert.False(reply.IsSuspicion);
    }

    [Fact]
    [Trait("input", "3")]
    public void TryDeliver_UnknownRequest_IsRefused() => Assert.Equal("no such request is outstanding", Deliver(Trained(), "me.2"));

    [Fact]
    [Trait("input", "3")]
    [Trait("seed", "3")]
    public void TryDeliver_AnotherNodesReply_IsRefusedAndEvictsNobody()
    {
        Assert.Contains("sent to node node_1", Deliver(Trained() with { NodeId = "node_2" }), StringComparison.Ordinal);
        Assert.Contains("sent to node node_1", Deliver(Error() with { NodeId = "node_2" }), StringComparison.Ordinal);

        Assert.Null(Deliver(Trained()));
    }

    [Fact]
    [Trait("input", "3")]
    public void TryDeliver_AnotherJobsReply_IsRefused() =>
        Assert.Contains("belongs to job job_1", Deliver(Trained() with { JobId = "job_2" }), StringComparison.Ordinal);

    [Fact]
    [Trait("seed", "6")]
    [Trait("input", "4")]
    public void TryDeliver_SecondReply_IsRefused()
    {
        Assert.Null(Deliver(Trained()));

        Assert.Equal("the request was answered before", Deliver(Trained() with { Text = "another" }));
        Assert.True(_replies.Reader.TryRead(out _));
        Assert.False(_replies.Reader.TryRead(out _));
    }

    [Fact]
    [Trait("input", "3")]
    public void TryDeliver_ManyErrors_TwoAreLetThroughAndTheTrainReplyStill()
    {
        string?[] refusals = [.. Enumerable.Range(0, 5).Select(_ => Deliver(Error()))];

        Assert.Equal(2, refusals.Count(r => r is null));
        Assert.Null(Deliver(Trained()));
    }

    [Fact]
    [Trait("seed", "5")]
    [Trait("input", "4")]
    public void TryDeliver_AfterRemoval_IsStale()
    {
        _pending.Remove(_ticket);

        Assert.Equal("no such request is outstanding", Deliver(Trained()));
        Assert.Null(_pending.Find("me.1", "node_1"));
        Assert.Null(_pending.FindOnly("node_1"));
    }

    [Fact]
    public void Add_SameRequestIdTwice_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => _pending.Add(RequestsBench.Ticket("node_2", "me.1"), _replies.Writer));

    [Fact]
    public void Find_OtherNodeOrRequest_IsNone()
    {
        Assert.Equal(_ticket, _pending.Find("me.1", "node_1"));
        Assert.Null(_pending.Find("me.1", "node_2"));
        Assert.Null(_pending.Find("me.2", "node_1"));
        Assert.Null(_pending.Find(null, "node_1"));
    }

    [Fact]
    public void TryDeliverSuspicion_OnlyRequestOfTheNode_IsDeliveredOnce()
    {
        Assert.Null(_pending.TryDeliverSuspicion(Error(), 7));
        Assert.Contains("under suspicion already", _pending.TryDeliverSuspicion(Error(), 8), StringComparison.Ordinal);

        Assert.True(_replies.Reader.TryRead(out NodeReply? reply));
        Assert.True(reply.IsSuspicion);
        Assert.False(_replies.Reader.TryRead(out _));
    }

    [Fact]
    [Trait("input", "3")]
    public void TryDeliverSuspicion_TwoRequestsAtTheNode_IsNeverGuessed()
    {
        _pending.Add(RequestsBench.Ticket("node_1", "me.2", "job_2"), _replies.Writer);

        Assert.Contains("exactly one", _pending.TryDeliverSuspicion(Error(), 7), StringComparison.Ordinal);
        Assert.Null(_pending.FindOnly("node_1"));
    }

    [Fact]
    public void TryDeliverSuspicion_OtherRequestAnswered_TheRemainingOneIsMeant()
    {
        TrainTicket other = RequestsBench.Ticket("node_1", "me.2", "job_2");
        _pending.Add(other, _replies.Writer);
        Assert.Null(Deliver(Trained()));

        Assert.Equal(other, _pending.FindOnly("node_1"));
        Assert.Null(_pending.TryDeliverSuspicion(Error(), 7));
    }

    [Fact]
    [Trait("input", "3")]
    public void TryDeliverSuspicion_NodeNotAsked_IsRefused() =>
        Assert.NotNull(_pending.TryDeliverSuspicion(Error() with { NodeId = "node_2" }, 7));

    [Fact]
    public async Task Fail_OpenWindow_LearnsTheReasonAfterWhatArrived()
    {
        Deliver(Trained());
        _pending.Fail(new InvalidOperationException("gone"));

        Assert.True(_replies.Reader.TryRead(out _));
        var lost = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await _replies.Reader.WaitToReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal("gone", lost.Message);
    }

    [Fact]
    public async Task Fail_WindowOpenedLater_LearnsTheReasonToo()
    {
        _pending.Fail(new InvalidOperationException("gone"));
        Channel<NodeReply> later = Channel.CreateUnbounded<NodeReply>();

        _pending.Add(RequestsBench.Ticket("node_1", "me.2"), later.Writer);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await later.Reader.WaitToReadAsync(TestContext.Current.CancellationToken));
    }

    private static TrainReply Trained() => new()
    {
        ResearcherId = "me",
        NodeId = "node_1",
        JobId = "job_1",
        Success = true,
        DatasetId = "dataset_1",
        ParametersUrl = "http://x/",
        Text = string.Empty,
    };

    private static ErrorReply Error() => new() { ResearcherId = "me", NodeId = "node_1", ErrorNumber = "FB300", ExtraText = string.Empty };

    private string? Deliver(NodeMessage message, string requestId = "me.1") => _pending.TryDeliver(requestId, message, 42, null);
}
