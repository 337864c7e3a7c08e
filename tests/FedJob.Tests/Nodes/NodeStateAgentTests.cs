using FedJob.Nodes;

namespace FedJob.Tests.Nodes;

public sealed class NodeStateAgentTests
{
    private readonly NodeStateAgent _agent = new();

    [Fact]
    public void GetLastState_BeforeAnyRound_IsNone() => Assert.Null(_agent.GetLastState("node_1"));

    [Fact]
    public void Commit_NullId_KeepsTheOldOne()
    {
        Commit(("node_1", "state_1"));
        Commit(("node_1", null), ("node_2", null));

        Assert.Equal("state_1", _agent.GetLastState("node_1"));
        Assert.Null(_agent.GetLastState("node_2"));
    }

    [Fact]
    [Trait("seed", "21")]
    public void Commit_NodeLeavesAndComesBack_FindsItsState()
    {
        Commit(("node_1", "state_1"), ("node_2", "state_a"));
        Commit(("node_2", "state_b"));

        Assert.Equal("state_1", _agent.GetLastState("node_1"));
        Assert.Equal("state_b", _agent.GetLastState("node_2"));
    }

    [Fact]
    [Trait("seed", "21")]
    public void States_LaterCommits_DoNotChangeASnapshot()
    {
        Commit(("node_1", "state_1"));
        IReadOnlyDictionary<string, string> snapshot = _agent.States;

        Commit(("node_1", "state_2"), ("node_2", "state_a"));

        Assert.Equal("state_1", Assert.Single(snapshot).Value);
    }

    [Fact]
    public void Forget_UnreadableState_IsGoneOnce()
    {
        Commit(("node_1", "state_1"));
        IReadOnlyDictionary<string, string> snapshot = _agent.States;

        Assert.True(_agent.Forget("node_1"));
        Assert.False(_agent.Forget("node_1"));
        Assert.Null(_agent.GetLastState("node_1"));
        Assert.Single(snapshot);
    }

    private void Commit(params (string Node, string? State)[] states) =>
        _agent.Commit(states.Select(s => KeyValuePair.Create(s.Node, s.State)));
}
