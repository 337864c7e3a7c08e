using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class MqttLinkDisposeTests
{
    private readonly LinkFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DisposeAsync_Open_SaysFarewellThenGoodbyeThenEverythingEnds()
    {
        _fixture.Settings = _fixture.Settings with { Farewell = LinkFixture.Message("fedjob/n1/presence", "offline") };
        var link = await _fixture.ConnectAsync();

        await link.DisposeAsync();

        Assert.Equal(["subscribe", "publish fedjob/n1/presence", "disconnect"], _fixture.Broker.Last.Asked);
        Assert.Equal(ConnectionState.Closed, link.State);
        Assert.True(link.Completion.IsCompletedSuccessfully);
        await link.GetMessages(LinkFixture.Topic).Completion.WaitAsync(Token);
        Assert.True(_fixture.Broker.Last.IsDisposed);
        Assert.True(_fixture.Broker.IsDisposed);
        Assert.Equal(ConnectionState.Closed, Assert.Single(_fixture.Changes).Current);
    }

    [Fact]
    public async Task DisposeAsync_WithCallsWaiting_FailsEachWithConnectionClosed()
    {
        var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Publishing = _ => new TaskCompletionSource<PublishOutcome>().Task;
        var inFlight = link.PublishAsync(LinkFixture.Message(), Token);

        await link.DisposeAsync();

        Assert.Equal(FedJobErrorCode.ConnectionClosed, (await Assert.ThrowsAsync<MessagingException>(() => inFlight)).Code);
        Assert.Equal(
            FedJobErrorCode.ConnectionClosed, (await Assert.ThrowsAsync<MessagingException>(() => link.PublishAsync(LinkFixture.Message(), Token))).Code);
    }

    [Fact]
    public async Task DisposeAsync_WhileReconnecting_EndsAtOnceAndFailsTheWaiting()
    {
        var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Lose();
        await _fixture.StateAsync(ConnectionState.Reconnecting);
        var waiting = link.PublishAsync(LinkFixture.Message(), Token);

        await link.DisposeAsync();

        Assert.Equal(FedJobErrorCode.ConnectionClosed, (await Assert.ThrowsAsync<MessagingException>(() => waiting)).Code);
        Assert.Equal(ConnectionState.Closed, link.State);
        Assert.True(link.Completion.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task DisposeAsync_WhileAnAttemptHangs_CancelsIt()
    {
        var link = await _fixture.ConnectAsync();
        _fixture.Broker.Silent = true;
        _fixture.Broker.Last.Lose();
        await _fixture.PassPauseAsync(0.5);
        await _fixture.Broker.UntilAsync(() => _fixture.Broker.Attempts == 2);

        await link.DisposeAsync();

        Assert.Equal(ConnectionState.Closed, link.State);
    }

    [Fact]
    public async Task DisposeAsync_BrokerDoesNotTakeTheFarewell_EndsAfterTwoSecondsWithoutGoodbye()
    {
        _fixture.Settings = _fixture.Settings with { Farewell = LinkFixture.Message("fedjob/n1/presence", "offline") };
        var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Publishing = _ => new TaskCompletionSource<PublishOutcome>().Task;

        var disposing = link.DisposeAsync().AsTask();
        await _fixture.Time.TimerAsync(TimeSpan.FromSeconds(2));
        await _fixture.Broker.UntilAsync(() => _fixture.Broker.Last.Asked.Count == 2);
        Assert.False(disposing.IsCompleted);
        _fixture.Time.Advance(TimeSpan.FromSeconds(2));
        await disposing;

        Assert.DoesNotContain("disconnect", _fixture.Broker.Last.Asked);
        Assert.True(_fixture.Broker.Last.IsDisposed);
        Assert.Equal(ConnectionState.Closed, link.State);
    }

    [Fact]
    public async Task DisposeAsync_ManyTimesAtOnce_EndsOnce()
    {
        var link = await _fixture.ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () => await link.DisposeAsync(), Token)));
        await link.DisposeAsync();

        Assert.Single(_fixture.Broker.Last.Asked, "disconnect");
        Assert.Single(_fixture.Changes);
    }

    [Fact]
    public async Task DisposeAsync_Failed_StaysFailed()
    {
        var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Lose(new MessagingException(FedJobErrorCode.BrokerRefused, "taken over"), final: true);
        await _fixture.StateAsync(ConnectionState.Failed);

        await link.DisposeAsync();
        await link.DisposeAsync();

        Assert.Equal(ConnectionState.Failed, link.State);
        Assert.True(link.Completion.IsFaulted);
        Assert.True(_fixture.Broker.IsDisposed);
    }

    [Fact]
    public async Task AbortAsync_Open_CutsWithoutFarewellAndGoodbye()
    {
        _fixture.Settings = _fixture.Settings with { Farewell = LinkFixture.Message("fedjob/n1/presence", "offline") };
        var link = await _fixture.ConnectAsync();

        await link.AbortAsync();

        Assert.Equal(["subscribe"], _fixture.Broker.Last.Asked);
        Assert.True(_fixture.Broker.Last.IsDisposed);
        Assert.Equal(ConnectionState.Closed, link.State);
    }
}
