using FedJob.Protocol.Mqtt;

namespace FedJob.IntegrationTests.Mqtt;

public sealed class MqttLinkPresenceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Abort_WithWill_WillIsDeliveredRetained()
    {
        await using var bench = await Bench.StartAsync();
        var node = await bench.ConnectAsync(Presence(bench.Topic));
        var watcher = await bench.ListenAsync(bench.Topic);
        Assert.Equal("online", await Bench.NextTextAsync(watcher, bench.Topic));

        await node.AbortAsync();

        Assert.Equal("died", await Bench.NextTextAsync(watcher, bench.Topic));
        var later = await bench.ListenAsync(bench.Topic);
        Assert.Equal("died", await Bench.NextTextAsync(later, bench.Topic));
    }

    [Fact]
    public async Task Dispose_WithWillAndFarewell_OnlyTheFarewellIsDelivered()
    {
        await using var bench = await Bench.StartAsync();
        var node = await bench.ConnectAsync(Presence(bench.Topic));
        var watcher = await bench.ListenAsync(bench.Topic);
        Assert.Equal("online", await Bench.NextTextAsync(watcher, bench.Topic));

        await node.DisposeAsync();
        Assert.Equal("offline", await Bench.NextTextAsync(watcher, bench.Topic));

        // What the broker would still say comes before this.
        await watcher.PublishAsync(Bench.Message(bench.Topic, "end"), Token);
        Assert.Equal("end", await Bench.NextTextAsync(watcher, bench.Topic));
    }

    [Fact]
    public async Task Restart_WithBirth_IsAnnouncedAgain()
    {
        await using var bench = await Bench.StartAsync();
        var node = await bench.ConnectAsync(Presence(bench.Topic));
        var watcher = await bench.ListenAsync(bench.Topic);
        Assert.Equal("online", await Bench.NextTextAsync(watcher, bench.Topic));

        await bench.Broker.RestartAsync(Token);

        Assert.Equal("online", await Bench.NextTextAsync(watcher, bench.Topic));
        await Bench.StateAsync(node, ConnectionState.Open);
    }

    private static MqttLinkSettings Presence(string topic) => Bench.Settings() with
    {
        Birth = Bench.Message(topic, "online", retain: true),
        Farewell = Bench.Message(topic, "offline", retain: true),
        Will = Bench.Message(topic, "died", retain: true),
    };
}
