using FedJob.Protocol.Mqtt;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Mqtt;

public sealed class MqttLinkMessageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PublishAsync_Subscribed_ArrivesWithItsProperties()
    {
        await using var bench = await Bench.StartAsync();
        var receiver = await bench.ListenAsync(bench.Topic);
        var sender = await bench.ConnectAsync(Bench.Settings());

        var outcome = await sender.PublishAsync(
            new OutboundMessage
            {
                Topic = bench.Topic,
                Payload = "{\"command\":\"ping\"}"u8.ToArray(),
                UserProperties = new Dictionary<string, string> { ["fedjob"] = "1", ["name"] = "Zoë ✓" },
            },
            Token);

        Assert.Equal(PublishOutcome.Accepted, outcome);
        var message = await Bench.NextAsync(receiver, bench.Topic);
        Assert.Equal("{\"command\":\"ping\"}", Bench.Text(message));
        Assert.Equal(bench.Topic, message.Topic);
        Assert.Equal("1", message.UserProperties["fedjob"]);
        Assert.Equal("Zoë ✓", message.UserProperties["name"]);
        Assert.InRange(TimeProvider.System.GetElapsedTime(message.ArrivalTimestamp), TimeSpan.Zero, Bench.Patience);
    }

    [Fact]
    public async Task PublishAsync_NobodySubscribed_SaysSo()
    {
        await using var bench = await Bench.StartAsync();
        var sender = await bench.ConnectAsync(Bench.Settings());

        Assert.Equal(PublishOutcome.NoSubscribers, await sender.PublishAsync(Bench.Message("general/nobody", "x"), Token));
    }

    [Fact]
    public async Task PublishAsync_AThousandAtOnce_AllArriveOnce()
    {
        await using var bench = await Bench.StartAsync();
        var receiver = await bench.ListenAsync(bench.Topic, 1000);
        var sender = await bench.ConnectAsync(Bench.Settings());

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => sender.PublishAsync(Bench.Message(bench.Topic, $"{i}"), Token)));

        Assert.All(outcomes, outcome => Assert.Equal(PublishOutcome.Accepted, outcome));
        var texts = new HashSet<string>();
        for (var i = 0; i < 1000; i++)
        {
            texts.Add(await Bench.NextTextAsync(receiver, bench.Topic));
        }

        Assert.Equal(1000, texts.Count);
        Assert.Equal(0, receiver.DroppedCount);
    }

    [Fact]
    public async Task PublishAsync_LargeMessage_ArrivesWhole()
    {
        await using var bench = await Bench.StartAsync();
        var receiver = await bench.ListenAsync(bench.Topic);
        var sender = await bench.ConnectAsync(Bench.Settings());
        var bytes = new byte[4 * 1024 * 1024];
        new Random(1).NextBytes(bytes);

        await sender.PublishAsync(new OutboundMessage { Topic = bench.Topic, Payload = bytes }, Token);

        Assert.Equal(bytes, (await Bench.NextAsync(receiver, bench.Topic)).Payload.ToArray());
    }

    [Fact]
    public async Task Subscribe_Wildcard_GetsMatchingTopicsOnly()
    {
        await using var bench = await Bench.StartAsync();
        var receiver = await bench.ListenAsync("fedjob/+/presence");
        var sender = await bench.ConnectAsync(Bench.Settings());

        await sender.PublishAsync(Bench.Message("fedjob/n1/other", "no"), Token);
        await sender.PublishAsync(Bench.Message("fedjob/n1/presence", "yes"), Token);

        var message = await Bench.NextAsync(receiver, "fedjob/+/presence");
        Assert.Equal(("fedjob/n1/presence", "yes"), (message.Topic, Bench.Text(message)));
    }

    [Fact]
    public async Task Arrivals_FullQueue_DropsCountsAndLogs()
    {
        await using var bench = await Bench.StartAsync();
        var end = $"{bench.Topic}/end";
        var receiver = await bench.ConnectAsync(Bench.Settings(new MqttSubscription(bench.Topic, 3), new MqttSubscription(end, 1)));
        var sender = await bench.ConnectAsync(Bench.Settings());

        for (var i = 0; i < 20; i++)
        {
            await sender.PublishAsync(Bench.Message(bench.Topic, $"{i}"), Token);
        }

        await sender.PublishAsync(Bench.Message(end, "end"), Token);
        await Bench.NextAsync(receiver, end);

        Assert.Equal(17, receiver.DroppedCount);
        Assert.Equal(2, bench.Logger.Collector.GetSnapshot().Count(record => record.Id.Id == 1210));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal($"{i}", await Bench.NextTextAsync(receiver, bench.Topic));
        }
    }

    [Theory]
    [InlineData(1025)]
    [InlineData(20 * 1024 * 1024)]
    public async Task Arrivals_TooLarge_AreDroppedCountedAndTheLinkGoesOn(int bytes)
    {
        await using var bench = await Bench.StartAsync();
        var receiver = await bench.ListenAsync(bench.Topic, change: options => options.MaximumMessageBytes = 1024);
        var sender = await bench.ConnectAsync(Bench.Settings());

        await sender.PublishAsync(new OutboundMessage { Topic = bench.Topic, Payload = new byte[bytes] }, Token);
        await sender.PublishAsync(new OutboundMessage { Topic = bench.Topic, Payload = new byte[1024] }, Token);

        Assert.Equal(1024, (await Bench.NextAsync(receiver, bench.Topic)).Payload.Length);
        Assert.Equal(1, receiver.DroppedCount);
        Assert.Equal(ConnectionState.Open, receiver.State);
        Assert.DoesNotContain(bench.Logger.Collector.GetSnapshot(), record => record.Id.Id == 1201);
    }

    [Fact]
    public async Task Arrivals_FloodOnOneTopic_DoesNotStarveAnother()
    {
        await using var bench = await Bench.StartAsync();
        var flood = $"{bench.Topic}/flood";
        var receiver = await bench.ConnectAsync(Bench.Settings(new MqttSubscription(flood, 10), new MqttSubscription(bench.Topic, 10)));
        var flooder = await bench.ConnectAsync(Bench.Settings());
        var sender = await bench.ConnectAsync(Bench.Settings());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var flooding = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => flooder.PublishAsync(new OutboundMessage { Topic = flood, Payload = new byte[1000] }, Token)));
                }
            },
            Token);

        for (var i = 0; i < 50; i++)
        {
            await sender.PublishAsync(Bench.Message(bench.Topic, $"{i}"), Token);
            Assert.Equal($"{i}", await Bench.NextTextAsync(receiver, bench.Topic));
        }

        await stop.CancelAsync();
        await flooding;
        Assert.True(receiver.DroppedCount > 0);
    }

    [Fact]
    public async Task Connect_OldBroker_FallsBackAndDropsProperties()
    {
        await using var bench = await Bench.StartAsync(new LocalBrokerOptions { OnlyMqtt311 = true });
        var receiver = await bench.ListenAsync(bench.Topic);
        var sender = await bench.ConnectAsync(Bench.Settings() with { Will = Bench.Message("w", "w") with { UserProperties = new Dictionary<string, string> { ["a"] = "b" } } });

        await sender.PublishAsync(Bench.Message(bench.Topic, "x") with { UserProperties = new Dictionary<string, string> { ["fedjob"] = "1" } }, Token);

        Assert.False(sender.SupportsUserProperties);
        var message = await Bench.NextAsync(receiver, bench.Topic);
        Assert.Equal("x", Bench.Text(message));
        Assert.Empty(message.UserProperties);
    }

    [Theory]
    [InlineData(new byte[] { 0x20, 2, 0, 1 })]
    [InlineData(new byte[0])]
    public async Task Connect_BrokerOfBeforeMqtt5_FallsBack(byte[] answerToMqtt5)
    {
        await using var bench = await Bench.StartAsync();
        await using var gate = new TcpGate(bench.Broker.Port)
        {
            // CONNECT: header, length (1 or 2 bytes), "MQTT" with its length, level.
            Greeting = bytes => bytes.Span[bytes.Span.IndexOf("MQTT"u8) + 4] == 5 ? answerToMqtt5 : null,
        };

        var link = await bench.ConnectAsync(Bench.Settings(new MqttSubscription(bench.Topic, 1)), options => options.Port = gate.Port);

        Assert.False(link.SupportsUserProperties);
        await link.PublishAsync(Bench.Message(bench.Topic, "x"), Token);
        Assert.Equal("x", await Bench.NextTextAsync(link, bench.Topic));
    }

    [Fact]
    public async Task Acknowledge_ByHand_UnacknowledgedComeAgainInOrder()
    {
        await using var bench = await Bench.StartAsync();
        await using var gate = new TcpGate(bench.Broker.Port);
        var settings = Bench.Settings(new MqttSubscription(bench.Topic, 100) { ManualAcknowledge = true }) with { SessionExpiry = TimeSpan.FromMinutes(1) };
        var receiver = await bench.ConnectAsync(settings, options => options.Port = gate.Port);
        var sender = await bench.ConnectAsync(Bench.Settings());
        for (var i = 0; i < 50; i++)
        {
            await sender.PublishAsync(Bench.Message(bench.Topic, $"{i}"), Token);
        }

        for (var i = 0; i < 50; i++)
        {
            var message = await Bench.NextAsync(receiver, bench.Topic);
            Assert.Equal($"{i}", Bench.Text(message));
            if (i < 20)
            {
                await message.AcknowledgeAsync(Token);
            }
        }

        // A round trip: the broker has seen the acknowledgements.
        await receiver.PublishAsync(Bench.Message("general/elsewhere", "x"), Token);
        gate.Cut();
        for (var i = 20; i < 50; i++)
        {
            var message = await Bench.NextAsync(receiver, bench.Topic);
            Assert.Equal($"{i}", Bench.Text(message));
            await message.AcknowledgeAsync(Token);
        }
    }
}
