using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class MqttLinkPublishTests
{
    private readonly LinkFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PublishOutcome.Accepted)]
    [InlineData(PublishOutcome.NoSubscribers)]
    public async Task PublishAsync_Open_TellsWhatTheBrokerSaid(PublishOutcome outcome)
    {
        await using var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Publishing = _ => Task.FromResult(outcome);

        Assert.Equal(outcome, await link.PublishAsync(LinkFixture.Message(), Token));
    }

    [Fact]
    [Trait("seed", "28")]
    public async Task PublishAsync_WhileReconnecting_WaitsAndGoesOutAfterSubscribing()
    {
        await using var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Lose();
        await _fixture.StateAsync(ConnectionState.Reconnecting);

        var publishing = link.PublishAsync(LinkFixture.Message(), Token);
        Assert.False(publishing.IsCompleted);
        await _fixture.PassPauseAsync(0.5);

        Assert.Equal(PublishOutcome.Accepted, await publishing);
        Assert.Equal(["subscribe", "publish general/nodes"], _fixture.Broker.Last.Asked);
    }

    [Fact]
    public async Task PublishAsync_ManyFailedAttempts_WaiterOfBeforeIsServed()
    {
        await using var link = await _fixture.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            _fixture.Broker.Answers.Enqueue(new MessagingException(FedJobErrorCode.BrokerUnreachable, "away"));
        }

        _fixture.Broker.Last.Lose();
        await _fixture.StateAsync(ConnectionState.Reconnecting);
        var publishing = link.PublishAsync(LinkFixture.Message(), Token);
        foreach (var whole in new[] { 0.5, 1, 2, 3 })
        {
            await _fixture.PassPauseAsync(whole);
        }

        Assert.Equal(PublishOutcome.Accepted, await publishing);
    }

    [Fact]
    [Trait("seed", "28")]
    public async Task PublishAsync_LostBeforeTheAcknowledgement_IsSentAgain()
    {
        await using var link = await _fixture.ConnectAsync();
        var first = _fixture.Broker.Last;
        first.Publishing = _ => new TaskCompletionSource<PublishOutcome>().Task;
        var publishing = link.PublishAsync(LinkFixture.Message(), Token);
        await _fixture.Broker.UntilAsync(() => first.Asked.Contains("publish general/nodes"));

        first.Lose();
        await _fixture.PassPauseAsync(0.5);

        Assert.Equal(PublishOutcome.Accepted, await publishing);
        Assert.Equal(["subscribe", "publish general/nodes"], _fixture.Broker.Last.Asked);
    }

    [Fact]
    public async Task PublishAsync_NeverAcknowledged_ThrowsAtTheTimeout()
    {
        await using var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Publishing = _ => new TaskCompletionSource<PublishOutcome>().Task;

        var publishing = link.PublishAsync(LinkFixture.Message(), Token);
        _fixture.Time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(publishing.IsCompleted);
        _fixture.Time.Advance(TimeSpan.FromSeconds(0.1));

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => publishing);
        Assert.Equal(FedJobErrorCode.PublishNotAcknowledged, thrown.Code);
        Assert.Equal(TimeSpan.FromSeconds(10), thrown.Elapsed);
        Assert.Contains("'general/nodes'", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishAsync_BrokerAwayTooLong_ThrowsAtTheTimeoutWithinOneBound()
    {
        await using var link = await _fixture.ConnectAsync();
        for (var i = 0; i < 100; i++)
        {
            _fixture.Broker.Answers.Enqueue(new MessagingException(FedJobErrorCode.BrokerUnreachable, "away"));
        }

        var first = _fixture.Broker.Last;
        first.Publishing = _ => new TaskCompletionSource<PublishOutcome>().Task;
        var publishing = link.PublishAsync(LinkFixture.Message(), Token);
        first.Lose();
        await _fixture.StateAsync(ConnectionState.Reconnecting);
        _fixture.Time.Advance(TimeSpan.FromSeconds(10));

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => publishing);
        Assert.Equal(FedJobErrorCode.PublishNotAcknowledged, thrown.Code);
    }

    [Fact]
    public async Task PublishAsync_BrokerRefusesTheMessage_ThrowsAndDoesNotRepeat()
    {
        await using var link = await _fixture.ConnectAsync();
        var refusal = new MessagingException(FedJobErrorCode.BrokerRefused, "not on this topic");
        _fixture.Broker.Last.Publishing = _ => Task.FromException<PublishOutcome>(refusal);

        Assert.Same(refusal, await Assert.ThrowsAsync<MessagingException>(() => link.PublishAsync(LinkFixture.Message(), Token)));
        Assert.Equal(ConnectionState.Open, link.State);
    }

    [Fact]
    public async Task PublishAsync_Cancelled_ThrowsCancelledAndTheLinkGoesOn()
    {
        await using var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Publishing = _ => new TaskCompletionSource<PublishOutcome>().Task;
        using var cancelling = new CancellationTokenSource();
        var publishing = link.PublishAsync(LinkFixture.Message(), cancelling.Token);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        _fixture.Broker.Last.Publishing = _ => Task.FromResult(PublishOutcome.Accepted);
        Assert.Equal(PublishOutcome.Accepted, await link.PublishAsync(LinkFixture.Message(), Token));
    }

    [Fact]
    public async Task PublishAsync_BadArguments_ThrowsBeforeAnythingIsSent()
    {
        await using var link = await _fixture.ConnectAsync();

        await Assert.ThrowsAsync<ArgumentNullException>(() => link.PublishAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => link.PublishAsync(LinkFixture.Message("general/#"), Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => link.PublishAsync(LinkFixture.Message(), new CancellationToken(true)));
        Assert.Equal(["subscribe"], _fixture.Broker.Last.Asked);
    }
}
