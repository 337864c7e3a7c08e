using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class MqttLinkConnectTests
{
    private readonly LinkFixture _fixture = new();

    [Fact]
    public async Task ConnectAsync_BrokerAccepts_SubscribesThenAnnouncesThenIsOpen()
    {
        _fixture.Settings = _fixture.Settings with { Birth = LinkFixture.Message("fedjob/n1/presence") };

        await using var link = await _fixture.ConnectAsync();

        Assert.Equal(["subscribe", "publish fedjob/n1/presence"], _fixture.Broker.Last.Asked);
        Assert.Equal(ConnectionState.Open, link.State);
        Assert.True(link.SupportsUserProperties);
        Assert.False(link.Completion.IsCompleted);
    }

    [Fact]
    public async Task ConnectAsync_OldBroker_TellsThatPropertiesDoNotTravel()
    {
        _fixture.Broker.OnConnected = connection => connection.SupportsUserProperties = false;

        await using var link = await _fixture.ConnectAsync();

        Assert.False(link.SupportsUserProperties);
    }

    [Theory]
    [InlineData(FedJobErrorCode.BrokerUnreachable)]
    [InlineData(FedJobErrorCode.BrokerRefused)]
    [InlineData(FedJobErrorCode.BrokerAuthenticationFailed)]
    [Trait("seed", "29")]
    public async Task ConnectAsync_FirstAttemptFails_ThrowsTheReasonAndDoesNotTryAgain(FedJobErrorCode code)
    {
        var reason = new MessagingException(code, "no");
        _fixture.Broker.Answers.Enqueue(reason);

        Assert.Same(reason, await Assert.ThrowsAsync<MessagingException>(_fixture.ConnectAsync));

        Assert.Equal(1, _fixture.Broker.Attempts);
        Assert.True(_fixture.Broker.IsDisposed);
        Assert.True(_fixture.Queues!.GetReader(LinkFixture.Topic).Completion.IsFaulted);
    }

    [Fact]
    [Trait("seed", "29")]
    public async Task ConnectAsync_BrokerSilent_ThrowsUnreachableAtTheTimeout()
    {
        _fixture.Broker.Silent = true;

        var connecting = _fixture.ConnectAsync();
        await _fixture.Broker.UntilAsync(() => _fixture.Broker.Attempts == 1);
        _fixture.Time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(connecting.IsCompleted);
        _fixture.Time.Advance(TimeSpan.FromSeconds(0.1));

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => connecting);
        Assert.Equal(FedJobErrorCode.BrokerUnreachable, thrown.Code);
        Assert.Contains("00:00:10", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(10), thrown.Elapsed);
        Assert.True(_fixture.Broker.IsDisposed);
    }

    [Fact]
    public async Task ConnectAsync_SubscriptionsUnanswered_ThrowsUnreachableAndClosesTheConnection()
    {
        _fixture.Broker.OnConnected = connection => connection.Subscribing = () => new TaskCompletionSource().Task;

        var connecting = _fixture.ConnectAsync();
        await _fixture.Broker.UntilAsync(() => _fixture.Broker.Connections.Count == 1 && _fixture.Broker.Last.Asked.Count == 1);
        _fixture.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(FedJobErrorCode.BrokerUnreachable, (await Assert.ThrowsAsync<MessagingException>(() => connecting)).Code);
        Assert.True(_fixture.Broker.Last.IsDisposed);
    }

    [Fact]
    public async Task ConnectAsync_CutWhileSubscribing_ThrowsRefused()
    {
        _fixture.Broker.OnConnected = connection => connection.Subscribing = () => Task.FromException(ScriptedConnection.Gone());

        Assert.Equal(FedJobErrorCode.BrokerRefused, (await Assert.ThrowsAsync<MessagingException>(_fixture.ConnectAsync)).Code);
        Assert.True(_fixture.Broker.Last.IsDisposed);
    }

    [Fact]
    public async Task ConnectAsync_Cancelled_ThrowsCancelledAndLeavesNothing()
    {
        _fixture.Broker.Silent = true;
        using var cancelling = new CancellationTokenSource();
        var options = LinkOptions.Freeze(_fixture.Options, _fixture.Settings);
        var queues = new InboundQueues(options, MqttNetArrivals.Matches, new DropCounter(_fixture.Logger), _fixture.Time);
        var connecting = MqttLink.ConnectAsync(_fixture.Broker, options, queues, new Random(1), _fixture.Logger, _fixture.Time, cancelling.Token);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        Assert.True(_fixture.Broker.IsDisposed);
    }

    [Fact]
    public async Task ConnectAsync_WrongOption_ThrowsNamingEachBeforeAnything()
    {
        var thrown = await Assert.ThrowsAsync<MessagingException>(() => MqttLink.ConnectAsync(
            new BrokerOptions { Port = 0, KeepAlive = TimeSpan.Zero },
            _fixture.Settings,
            new FakeLogger(),
            TimeProvider.System,
            TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, thrown.Code);
        Assert.Contains("BrokerOptions.Port is 0", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("BrokerOptions.KeepAlive is 00:00:00", thrown.Message, StringComparison.Ordinal);
    }

    public static TheoryData<MqttLinkSettings> WrongSettings() =>
    [
        new MqttLinkSettings { ClientId = "", Subscriptions = [] },
        new MqttLinkSettings { ClientId = "c", Subscriptions = [new MqttSubscription("a", 0)] },
        new MqttLinkSettings { ClientId = "c", Subscriptions = [new MqttSubscription("a/#/b", 1)] },
        new MqttLinkSettings { ClientId = "c", Subscriptions = [new MqttSubscription("a", 1), new MqttSubscription("a", 2)] },
        new MqttLinkSettings { ClientId = "c", Subscriptions = [], Will = LinkFixture.Message("a/+") },
        new MqttLinkSettings { ClientId = "c", Subscriptions = [], SessionExpiry = TimeSpan.FromSeconds(-1) },
    ];

    [Theory]
    [MemberData(nameof(WrongSettings), DisableDiscoveryEnumeration = true)]
    public async Task ConnectAsync_WrongSetting_ThrowsArgument(MqttLinkSettings settings) =>
        await Assert.ThrowsAsync<ArgumentException>(() =>
            MqttLink.ConnectAsync(new BrokerOptions(), settings, new FakeLogger(), TimeProvider.System, TestContext.Current.CancellationToken));

    [Fact]
    public void Freeze_OptionsChangedLater_LinkKeepsTheOld()
    {
        var broker = new BrokerOptions { Port = 1 };
        var options = LinkOptions.Freeze(broker, _fixture.Settings);
        broker.Port = 2;

        Assert.Equal(1, options.Port);
    }

    [Fact]
    public void Freeze_Printed_HidesThePassword() =>
        Assert.DoesNotContain(
            "hunter2",
            LinkOptions.Freeze(new BrokerOptions { UserName = "u", Password = "hunter2" }, _fixture.Settings).ToString(),
            StringComparison.Ordinal);
}
