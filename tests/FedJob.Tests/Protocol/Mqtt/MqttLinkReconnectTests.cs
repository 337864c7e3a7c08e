using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class MqttLinkReconnectTests
{
    private static readonly MessagingException Unreachable = new(FedJobErrorCode.BrokerUnreachable, "nobody there");

    private readonly LinkFixture _fixture = new();

    [Fact]
    [Trait("seed", "28")]
    public async Task Lost_BrokerComesBack_SubscribesFirstThenAnnouncesThenIsOpen()
    {
        _fixture.Settings = _fixture.Settings with { Birth = LinkFixture.Message("fedjob/n1/presence") };
        await using var link = await _fixture.ConnectAsync();
        var reason = ScriptedConnection.Gone("pulled the plug");

        _fixture.Broker.Last.Lose(reason);
        await _fixture.StateAsync(ConnectionState.Reconnecting);
        await _fixture.PassPauseAsync(0.5);
        await _fixture.StateAsync(ConnectionState.Open);

        Assert.Equal(2, _fixture.Broker.Connections.Count);
        Assert.True(_fixture.Broker.Connections[0].IsDisposed);
        Assert.Equal(["subscribe", "publish fedjob/n1/presence"], _fixture.Broker.Last.Asked);
        Assert.Equal(
            [(ConnectionState.Open, ConnectionState.Reconnecting), (ConnectionState.Reconnecting, ConnectionState.Open)],
            _fixture.Changes.Select(change => (change.Previous, change.Current)));
        Assert.Same(reason, _fixture.Changes[0].Reason);
    }

    [Fact]
    public async Task Lost_BrokerStaysAway_PausesDoubleAndTryOnlyAfterEach()
    {
        await using var link = await _fixture.ConnectAsync();
        for (var i = 0; i < 100; i++)
        {
            _fixture.Broker.Answers.Enqueue(Unreachable);
        }

        _fixture.Broker.Last.Lose();
        double[] wholes = [0.5, 1, 2, 3, 3, 3];
        for (var i = 0; i < wholes.Length; i++)
        {
            Assert.Equal(1 + i, _fixture.Broker.Attempts);
            await _fixture.PassPauseAsync(wholes[i]);
            await _fixture.Broker.UntilAsync(() => _fixture.Broker.Attempts == 2 + i);
        }

        Assert.Equal(ConnectionState.Reconnecting, link.State);
        Assert.Single(_fixture.Changes);
    }

    [Fact]
    public async Task Lost_AnHourAway_AttemptsAndWarningsStayFew()
    {
        await using var link = await _fixture.ConnectAsync();
        for (var i = 0; i < 10_000; i++)
        {
            _fixture.Broker.Answers.Enqueue(Unreachable);
        }

        _fixture.Broker.Last.Lose();
        var away = TimeSpan.Zero;
        while (away < TimeSpan.FromHours(1))
        {
            var pause = await _fixture.Time.TimerAsync(TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(3));
            _fixture.Time.Advance(pause);
            away += pause;
        }

        Assert.InRange(_fixture.Broker.Attempts, 1200, 2500);
        Assert.InRange(_fixture.Logger.Collector.GetSnapshot().Count(record => record.Level == LogLevel.Warning), 1, 6);
    }

    [Fact]
    public async Task Lost_CutAgainAndAgain_PausesGrowAllTheSame()
    {
        await using var link = await _fixture.ConnectAsync();
        double[] wholes = [0.5, 1, 2, 3, 3];
        for (var i = 0; i < wholes.Length; i++)
        {
            _fixture.Time.Advance(TimeSpan.FromSeconds(0.5));
            _fixture.Broker.Last.Lose();
            await _fixture.StateAsync(ConnectionState.Reconnecting, i + 1);
            await _fixture.PassPauseAsync(wholes[i]);
            await _fixture.StateAsync(ConnectionState.Open, i + 1);
        }
    }

    [Fact]
    public async Task Lost_AfterAConnectionThatHeld_PausesStartAtTheFirst()
    {
        await using var link = await _fixture.ConnectAsync();
        for (var i = 1; i <= 3; i++)
        {
            _fixture.Time.Advance(TimeSpan.FromSeconds(3));
            _fixture.Broker.Last.Lose();
            await _fixture.StateAsync(ConnectionState.Reconnecting, i);
            await _fixture.PassPauseAsync(0.5);
            await _fixture.StateAsync(ConnectionState.Open, i);
        }
    }

    [Fact]
    public async Task Lost_LoginRefusedOnReturn_FailsForGood()
    {
        await using var link = await _fixture.ConnectAsync();
        var refusal = new MessagingException(FedJobErrorCode.BrokerAuthenticationFailed, "wrong password");
        _fixture.Broker.Answers.Enqueue(Unreachable);
        _fixture.Broker.Answers.Enqueue(refusal);

        _fixture.Broker.Last.Lose();
        await _fixture.PassPauseAsync(0.5);
        await _fixture.PassPauseAsync(1);

        Assert.Same(refusal, await Assert.ThrowsAsync<MessagingException>(() => link.Completion));
        Assert.Equal(ConnectionState.Failed, link.State);
        Assert.Same(refusal, await Assert.ThrowsAsync<MessagingException>(() => link.GetMessages(LinkFixture.Topic).Completion));
        Assert.Same(refusal, _fixture.Changes[^1].Reason);
        Assert.Equal(3, _fixture.Broker.Attempts);
        var publish = await Assert.ThrowsAsync<MessagingException>(() => link.PublishAsync(LinkFixture.Message(), TestContext.Current.CancellationToken));
        Assert.Equal(FedJobErrorCode.ConnectionClosed, publish.Code);
        Assert.Same(refusal, publish.InnerException);
    }

    [Fact]
    public async Task Lost_ClientIdTakenOver_FailsForGoodWithoutAnotherAttempt()
    {
        await using var link = await _fixture.ConnectAsync();
        var reason = new MessagingException(FedJobErrorCode.BrokerRefused, "taken over");

        _fixture.Broker.Last.Lose(reason, final: true);

        Assert.Same(reason, await Assert.ThrowsAsync<MessagingException>(() => link.Completion));
        Assert.Equal(ConnectionState.Failed, link.State);
        Assert.Equal(1, _fixture.Broker.Attempts);
    }

    [Fact]
    public async Task Open_BrokerAnswersPings_StaysOpenAndAsksOnceAnInterval()
    {
        await using var link = await _fixture.ConnectAsync();

        for (var i = 1; i <= 3; i++)
        {
            await _fixture.Time.TimerAsync(TimeSpan.FromSeconds(15));
            _fixture.Time.Advance(TimeSpan.FromSeconds(15));
            await _fixture.Broker.UntilAsync(() => _fixture.Broker.Last.Asked.Count(asked => asked == "ping") == i);
        }

        Assert.Equal(ConnectionState.Open, link.State);
    }

    [Fact]
    public async Task Open_HalfDead_IsNoticedAtOneAndAHalfIntervals()
    {
        await using var link = await _fixture.ConnectAsync();
        _fixture.Broker.Last.Pinging = () => new TaskCompletionSource().Task;

        await _fixture.Time.TimerAsync(TimeSpan.FromSeconds(15));
        _fixture.Time.Advance(TimeSpan.FromSeconds(15));
        await _fixture.Time.TimerAsync(TimeSpan.FromSeconds(7.5));
        await _fixture.Broker.UntilAsync(() => _fixture.Broker.Last.Asked.Contains("ping"));
        Assert.Equal(ConnectionState.Open, link.State);
        _fixture.Time.Advance(TimeSpan.FromSeconds(7.5));

        await _fixture.StateAsync(ConnectionState.Reconnecting);
        Assert.Contains("no sign of life for 00:00:22.5", _fixture.Changes[0].Reason!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task StateChanged_ListenerThrows_LinkGoesOnItIsLoggedAndTheOtherListenersAreTold()
    {
        await using var link = await _fixture.ConnectAsync();
        link.StateChanged += (_, _) => throw new InvalidOperationException("bad listener");
        var told = new List<ConnectionState>();
        link.StateChanged += (_, change) => told.Add(change.Current);

        _fixture.Broker.Last.Lose();
        await _fixture.StateAsync(ConnectionState.Reconnecting);
        await _fixture.PassPauseAsync(0.5);
        await _fixture.StateAsync(ConnectionState.Open);

        Assert.Equal(ConnectionState.Open, link.State);
        await link.DisposeAsync();
        Assert.Equal([ConnectionState.Reconnecting, ConnectionState.Open], told.Take(2));
        Assert.Contains(_fixture.Logger.Collector.GetSnapshot(), record => record.Id.Id == 1206 && record.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Reconnect_UnexpectedException_FailsForGoodAndSaysSo()
    {
        await using var link = await _fixture.ConnectAsync();
        _fixture.Broker.Answers.Enqueue(new InvalidOperationException("a bug"));

        _fixture.Broker.Last.Lose();
        await _fixture.PassPauseAsync(0.5);

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => link.Completion);
        Assert.Equal(FedJobErrorCode.ConnectionClosed, thrown.Code);
        Assert.Contains("a bug", thrown.Message, StringComparison.Ordinal);
    }
}
