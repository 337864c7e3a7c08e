using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Mqtt;

public sealed class MqttLinkOutageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Restart_SubscribedAgain_MessagesFlow()
    {
        await using var bench = await Bench.StartAsync();
        var receiver = await bench.ListenAsync(bench.Topic);
        var sender = await bench.ConnectAsync(Bench.Settings());
        for (var i = 0; i < 3; i++)
        {
            await bench.Broker.StopAsync(Token);
            await Bench.StateAsync(receiver, ConnectionState.Reconnecting);
            await Bench.StateAsync(sender, ConnectionState.Reconnecting);
            await bench.Broker.RestartAsync(Token);
            await Bench.StateAsync(receiver, ConnectionState.Open);

            Assert.Equal(PublishOutcome.Accepted, await sender.PublishAsync(Bench.Message(bench.Topic, $"{i}"), Token));
            Assert.Equal($"{i}", await Bench.NextTextAsync(receiver, bench.Topic));
        }
    }

    [Fact]
    [Trait("seed", "28")]
    public async Task Publish_DuringAnOutage_IsDeliveredAfterIt()
    {
        await using var bench = await Bench.StartAsync();
        var receiver = await bench.ListenAsync(bench.Topic);
        var sender = await bench.ConnectAsync(Bench.Settings());
        await bench.Broker.StopAsync(Token);
        await Bench.StateAsync(sender, ConnectionState.Reconnecting);

        // The receiver may come back after the sender: a message to nobody is accepted and gone, so it is retained here.
        var publishing = sender.PublishAsync(Bench.Message(bench.Topic, "kept", retain: true), Token);
        Assert.False(publishing.IsCompleted);
        await bench.Broker.RestartAsync(Token);

        await publishing;
        Assert.Equal("kept", await Bench.NextTextAsync(receiver, bench.Topic));
    }

    [Fact]
    public async Task Publish_BrokerGoneMidway_NothingHangsAndWhatWasPromisedArrives()
    {
        await using var bench = await Bench.StartAsync();
        await using var gate = new TcpGate(bench.Broker.Port);
        var receiver = await bench.ListenAsync(bench.Topic, 10_000);
        var sender = await bench.ConnectAsync(Bench.Settings(), options => options.Port = gate.Port);

        var publishing = Task.WhenAll(Enumerable.Range(0, 500).Select(i => sender.PublishAsync(Bench.Message(bench.Topic, $"{i}"), Token)));
        gate.Cut();
        await publishing.WaitAsync(Bench.Patience, Token);

        var texts = new HashSet<string>();
        while (texts.Count < 500)
        {
            texts.Add(await Bench.NextTextAsync(receiver, bench.Topic));
        }
    }

    [Fact]
    [Trait("fault", "7")]
    public async Task HalfOpen_WhilePublishing_IsNoticedWithinOneAndAHalfKeepAlives()
    {
        await using var bench = await Bench.StartAsync();
        await using var gate = new TcpGate(bench.Broker.Port);
        var link = await bench.ConnectAsync(Bench.Settings(), options =>
        {
            options.Port = gate.Port;
            options.KeepAlive = TimeSpan.FromSeconds(1);
            options.PublishTimeout = TimeSpan.FromSeconds(30);
        });
        var lost = Bench.StateAsync(link, ConnectionState.Reconnecting);

        gate.Silence(true);
        var started = TimeProvider.System.GetTimestamp();
        var publishing = link.PublishAsync(Bench.Message(bench.Topic, "into the void"), Token);
        await lost;
        var noticed = TimeProvider.System.GetElapsedTime(started);
        gate.Silence(false);

        Assert.Equal(PublishOutcome.NoSubscribers, await publishing);
        Assert.InRange(noticed, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Publish_BrokerSilent_AtMostSixteenAreOnTheWay()
    {
        await using var bench = await Bench.StartAsync();
        await using var gate = new TcpGate(bench.Broker.Port);
        var link = await bench.ConnectAsync(Bench.Settings(), options =>
        {
            options.Port = gate.Port;
            options.KeepAlive = TimeSpan.FromSeconds(1);
        });
        var lost = Bench.StateAsync(link, ConnectionState.Reconnecting);

        gate.Silence(true);
        var publishing = Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => link.PublishAsync(new OutboundMessage { Topic = bench.Topic, Payload = new byte[1000] }, Token)));
        await lost;
        var onTheWay = gate.Swallowed;
        gate.Silence(false);

        Assert.InRange(onTheWay, 16 * 1000, 17 * 1000 + 999);
        Assert.All(await publishing, outcome => Assert.Equal(PublishOutcome.NoSubscribers, outcome));
    }

    [Fact]
    public async Task Publish_NotAcknowledgedInTime_IsTypedAndTheConnectionIsMadeAgain()
    {
        await using var bench = await Bench.StartAsync();
        await using var gate = new TcpGate(bench.Broker.Port);
        var link = await bench.ConnectAsync(Bench.Settings(), options =>
        {
            options.Port = gate.Port;
            options.PublishTimeout = TimeSpan.FromSeconds(0.5);
        });
        var lost = Bench.StateAsync(link, ConnectionState.Reconnecting);

        gate.Silence(true);
        var thrown = await Assert.ThrowsAsync<MessagingException>(() => link.PublishAsync(Bench.Message(bench.Topic, "x"), Token));
        await lost;
        gate.Silence(false);
        await Bench.StateAsync(link, ConnectionState.Open);

        Assert.Equal(FedJobErrorCode.PublishNotAcknowledged, thrown.Code);
        Assert.Equal(PublishOutcome.NoSubscribers, await link.PublishAsync(Bench.Message(bench.Topic, "x"), Token));
    }

    [Fact]
    public async Task Publish_HundredsCancelledAtAnyMoment_ConnectionStaysWhole()
    {
        await using var bench = await Bench.StartAsync();
        var receiver = await bench.ListenAsync(bench.Topic, 10_000);
        var sender = await bench.ConnectAsync(Bench.Settings());
        var ended = 0;
        sender.StateChanged += (_, _) => Interlocked.Increment(ref ended);

        for (var i = 0; i < 300; i++)
        {
            using var cancelling = new CancellationTokenSource();
            var publishing = sender.PublishAsync(new OutboundMessage { Topic = bench.Topic, Payload = new byte[10_000] }, cancelling.Token);
            for (var spin = 0; spin < i % 30; spin++)
            {
                await Task.Yield();
            }

            await cancelling.CancelAsync();
            try
            {
                await publishing;
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }
        }

        await sender.PublishAsync(Bench.Message(bench.Topic, "end"), Token);
        while ((await Bench.NextAsync(receiver, bench.Topic)).Payload.Length != 3)
        {
            // The others, as many as were sent.
        }

        Assert.Equal(0, ended);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Dispose_AtAnyTimeDuringARestart_NothingHangs(int moment)
    {
        await using var bench = await Bench.StartAsync();
        for (var round = 0; round < 5; round++)
        {
            await bench.Broker.RestartAsync(Token);
            var link = await bench.ListenAsync(bench.Topic, change: options => options.ReconnectDelay = TimeSpan.FromMilliseconds(1));
            var publishing = Enumerable.Range(0, 50).Select(i => link.PublishAsync(Bench.Message(bench.Topic, $"{i}"), Token)).ToArray();
            var stopping = moment > 0 ? bench.Broker.StopAsync(Token) : Task.CompletedTask;
            if (moment > 1)
            {
                await stopping;
                await Bench.StateAsync(link, ConnectionState.Reconnecting);
            }

            var starting = moment > 2 ? bench.Broker.RestartAsync(Token) : Task.CompletedTask;
            await link.DisposeAsync().AsTask().WaitAsync(Bench.Patience, Token);
            await Task.WhenAll(stopping, starting);

            foreach (var call in publishing)
            {
                var thrown = await Record.ExceptionAsync(() => call.WaitAsync(Bench.Patience, Token));
                Assert.True(thrown is null or MessagingException { Code: FedJobErrorCode.ConnectionClosed }, $"{thrown}");
            }

            Assert.Equal(ConnectionState.Closed, link.State);
            Assert.True(link.Completion.IsCompletedSuccessfully);
        }
    }

    [Fact]
    [Trait("fault", "7")]
    public async Task Flapping_CutAtEachConnection_AttemptsStayFew()
    {
        await using var bench = await Bench.StartAsync();
        await using var gate = new TcpGate(bench.Broker.Port);
        var link = await bench.ConnectAsync(Bench.Settings(), options => options.Port = gate.Port);
        link.StateChanged += (_, change) =>
        {
            if (change.Current == ConnectionState.Open)
            {
                gate.Cut();
            }
        };
        var started = TimeProvider.System.GetTimestamp();

        gate.Cut();
        var third = new TaskCompletionSource();
        link.StateChanged += (_, change) =>
        {
            if (change.Current == ConnectionState.Reconnecting && gate.Accepted >= 4)
            {
                third.TrySetResult();
            }
        };
        await third.Task.WaitAsync(Bench.Patience, Token);

        // Pauses of at least 0.25, 0.5 and 1 s lie between four connections.
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.FromSeconds(1.7), Bench.Patience);
    }

    [Fact]
    public async Task Restart_LoginNoLongerGood_FailsForGood()
    {
        var options = new LocalBrokerOptions { UserName = "u", Password = "old" };
        await using var bench = await Bench.StartAsync(options);
        var link = await bench.ListenAsync(bench.Topic);

        options.Password = "new";
        await bench.Broker.RestartAsync(Token);

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => link.Completion.WaitAsync(Bench.Patience, Token));
        Assert.Equal(FedJobErrorCode.BrokerAuthenticationFailed, thrown.Code);
        Assert.Equal(ConnectionState.Failed, link.State);
    }

    [Fact]
    public async Task SameClientId_Twice_TheFirstFailsAndTheSecondLives()
    {
        await using var bench = await Bench.StartAsync();
        var settings = Bench.Settings(new MqttSubscription(bench.Topic, 10));
        var first = await bench.ConnectAsync(settings);
        var second = await bench.ConnectAsync(settings);

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => first.Completion.WaitAsync(Bench.Patience, Token));
        Assert.Contains(settings.ClientId, thrown.Message, StringComparison.Ordinal);
        await second.PublishAsync(Bench.Message(bench.Topic, "x"), Token);
        Assert.Equal("x", await Bench.NextTextAsync(second, bench.Topic));
        Assert.Equal(ConnectionState.Open, second.State);
    }
}
