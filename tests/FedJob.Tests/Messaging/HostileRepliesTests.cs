using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Messaging;

/// <summary>What a hostile node says reaches no other node's request, and is in no other node's way.</summary>
public sealed class HostileRepliesTests : IAsyncDisposable
{
    private readonly RequestsBench _bench = new();

    [Fact]
    [Trait("input", "3")]
    public void Replies_OfNodesJobsAndResearchersNotAsked_NeverReachTheWindow()
    {
        using IReplyWindow window = Open();
        string[] hostile =
        [
            NodeSays.Trained("researcher_me.1", "node_3", "job_1"),
            NodeSays.Trained("researcher_me.1", "node_2", "job_1"),
            NodeSays.Trained("researcher_me.1", "node_1", "job_2"),
            NodeSays.Trained("researcher_me.9", "node_1", "job_1"),
            NodeSays.Trained("researcher_other", "node_1", "job_1"),
            NodeSays.Trained("researcher_me", "node_1", "job_1"),
            NodeSays.Trained("researcher_meander.1", "node_1", "job_1"),
            NodeSays.Trained("RESEARCHER_ME.1", "node_1", "job_1"),
            NodeSays.Trained("researcher_me.1.1", "node_1", "job_1"),
            NodeSays.Trained("researcher_me.1", "NODE_1", "job_1"),
            NodeSays.Error("researcher_me.1", "node_2", "FB313: no dataset matching request"),
            NodeSays.Error("researcher_me.2", "node_1", "FB301: Protocol error"),
            NodeSays.Error("NOT_SET", "node_3", "FB300: undetermined node error"),
        ];

        Array.ForEach(hostile, said => _bench.Link.Reply(said));

        Assert.False(window.Replies.TryRead(out _));
        Assert.Equal(hostile.Length, _bench.Requests.RefusedCount);
        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1"));
        _bench.Link.Reply(NodeSays.Trained("researcher_me.2", "node_2", "job_1"));
        Assert.Equal(["node_1", "node_2"], Drain(window).Select(r => r.Message.NodeId));
    }

    [Fact]
    [Trait("input", "6")]
    public void Replies_FloodOfOneNode_TakesNoMoreThanAHandfulAndTheOtherIsServed()
    {
        using IReplyWindow window = Open();
        for (int i = 0; i < 20_000; i++)
        {
            _bench.Link.Reply(i % 2 == 0
                ? NodeSays.Error("researcher_me.2", "node_2", "FB300: undetermined node error")
                : NodeSays.Trained("researcher_me.2", "node_2", "job_1"));
        }

        _bench.Link.Reply(NodeSays.Trained("researcher_me.1", "node_1", "job_1"));

        NodeReply[] arrived = Drain(window);
        Assert.InRange(arrived.Count(r => r.Message.NodeId == "node_2"), 1, 4);
        Assert.Single(arrived, r => r.Message is TrainReply { NodeId: "node_1" });
        Assert.Single(_bench.Logs.GetSnapshot(), r => r.Id.Id == 1250);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private IReplyWindow Open() => _bench.Requests.OpenReplyWindow(
        [RequestsBench.Ticket("node_1", "researcher_me.1"), RequestsBench.Ticket("node_2", "researcher_me.2")]);

    private static NodeReply[] Drain(IReplyWindow window)
    {
        List<NodeReply> replies = [];
        while (window.Replies.TryRead(out NodeReply? reply))
        {
            replies.Add(reply);
        }

        return [.. replies];
    }
}
