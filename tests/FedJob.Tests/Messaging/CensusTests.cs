using FedJob.Messaging;
using FedJob.Protocol.Messages;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Messaging;

public sealed class CensusTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeastQuiet = TimeSpan.FromMilliseconds(100);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void RemainingForPongs_NobodyAnswered_IsTheWindow()
    {
        Census census = Of(null);

        _time.Advance(TimeSpan.FromSeconds(0.5));

        Assert.Equal(TimeSpan.FromSeconds(1.5), census.RemainingForPongs);
    }

    [Fact]
    public void RemainingForPongs_FastPong_IsTheLeastQuiet()
    {
        Census census = Of(null);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        census.Take(Pong("node_1"));

        Assert.Equal(LeastQuiet, census.RemainingForPongs);
    }

    [Fact]
    public void RemainingForPongs_SlowPong_IsTwiceItsRoundTrip()
    {
        Census census = Of(null);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        census.Take(Pong("node_1"));
        _time.Advance(TimeSpan.FromMilliseconds(299));
        census.Take(Pong("node_2"));

        Assert.Equal(TimeSpan.FromMilliseconds(600), census.RemainingForPongs);
        Assert.Equal(["node_1", "node_2"], census.Pongs.Select(p => p.NodeId));
        Assert.Equal(TimeSpan.FromMilliseconds(300), census.Pongs[1].RoundTripTime);
    }

    [Fact]
    public void RemainingForPongs_VerySlowPong_IsNeverBeyondTheWindow()
    {
        Census census = Of(null);

        _time.Advance(TimeSpan.FromSeconds(1.5));
        census.Take(Pong("node_1"));

        Assert.Equal(TimeSpan.FromSeconds(0.5), census.RemainingForPongs);
    }

    [Fact]
    public void Take_SecondPongOfANode_ChangesNothing()
    {
        Census census = Of(null);
        census.Take(Pong("node_1"));

        _time.Advance(TimeSpan.FromMilliseconds(50));
        census.Take(Pong("node_1"));

        Assert.Equal(TimeSpan.FromMilliseconds(50), census.RemainingForPongs);
        Assert.Equal(TimeSpan.Zero, Assert.Single(census.Pongs).RoundTripTime);
    }

    [Fact]
    public void Take_PongOfAnotherPing_IsLetGo()
    {
        Census census = Of(null);

        census.Take(Pong("node_1", sequence: 6));

        Assert.Empty(census.Pongs);
        Assert.Equal(Window, census.RemainingForPongs);
    }

    [Fact]
    public void Take_NodeNotAsked_IsLetGo()
    {
        Census census = Of("node_1");

        census.Take(Pong("node_2"));

        Assert.Empty(census.Pongs);
        Assert.False(census.TakeReply("node_2"));
        Assert.Empty(census.Answered);
    }

    [Fact]
    public void RemainingForPongs_AllAskedAnswered_IsNothing()
    {
        Census census = Of("node_1", "node_2");

        census.Take(Pong("node_1"));
        Assert.Equal(Window, census.RemainingForPongs);
        census.Take(Pong("node_2"));

        Assert.Equal(TimeSpan.Zero, census.RemainingForPongs);
    }

    [Fact]
    public void RemainingForReplies_AllAskedReplied_IsNothing()
    {
        Census census = Of("node_1", "node_2");

        Assert.True(census.TakeReply("node_1"));
        Assert.True(census.TakeReply("node_1"));
        Assert.Equal(Window, census.RemainingForReplies);
        Assert.True(census.TakeReply("node_2"));

        Assert.Equal(TimeSpan.Zero, census.RemainingForReplies);
    }

    [Fact]
    public void RemainingForReplies_EveryNodeThatIsThereReplied_IsTheQuiet()
    {
        Census census = Of(null);
        census.Take(Pong("node_1"));
        census.Take(Pong("node_2"));
        census.TakeReply("node_1");

        Assert.Equal(Window, census.RemainingForReplies);
        census.TakeReply("node_2");

        Assert.Equal(LeastQuiet, census.RemainingForReplies);
    }

    [Fact]
    public void RemainingForReplies_ReplyBeforeItsPong_CountsToo()
    {
        Census census = Of(null);

        census.TakeReply("node_1");
        Assert.Equal(Window, census.RemainingForReplies);
        census.Take(Pong("node_1"));

        Assert.Equal(LeastQuiet, census.RemainingForReplies);
        Assert.Equal(["node_1"], census.Answered);
    }

    [Fact]
    public void Sent_PublishingTookLong_TheWindowBeginsThen()
    {
        Census census = Of(null);

        _time.Advance(TimeSpan.FromSeconds(5));
        census.Sent();

        Assert.Equal(Window, census.RemainingForPongs);
        Assert.Equal(Window, census.RemainingForReplies);
    }

    [Fact]
    public void Answered_PongsAndReplies_AreBothCountedOnceInOrder()
    {
        Census census = Of(null);
        census.TakeReply("node_2");
        census.Take(Pong("node_2"));
        census.Take(Pong("node_10"));
        census.TakeReply("node_1");

        Assert.Equal(["node_1", "node_10", "node_2"], census.Answered);
    }

    private Census Of(params string[]? asked)
    {
        var census = new Census(_time, Window, LeastQuiet, 7, asked is null ? null : new HashSet<string>(asked, StringComparer.Ordinal));
        census.Sent();
        return census;
    }

    private QueryAnswer Pong(string node, int sequence = 7) => new(
        new PongReply { ResearcherId = "researcher_me", NodeId = node, Success = true, Sequence = sequence }, IsFedJobNode: false, _time.GetTimestamp());
}
