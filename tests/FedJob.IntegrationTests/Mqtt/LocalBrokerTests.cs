using System.Net.Sockets;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Mqtt;

public sealed class LocalBrokerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_Several_EachHasItsPortOnLoopback()
    {
        await using var one = await LocalBroker.StartAsync(null, Token);
        await using var other = await LocalBroker.StartAsync(new LocalBrokerOptions(), Token);

        Assert.NotEqual(one.Port, other.Port);
        Assert.InRange(one.Port, 1, 65535);
        Assert.Equal(("127.0.0.1", one.Port), (one.CreateClientOptions().Host, one.CreateClientOptions().Port));
        Assert.Empty(one.CreateClientOptions().Validate());
    }

    [Fact]
    public async Task StartAsync_PortTaken_Throws()
    {
        await using var broker = await LocalBroker.StartAsync(null, Token);

        await Assert.ThrowsAsync<SocketException>(() => LocalBroker.StartAsync(new LocalBrokerOptions { Port = broker.Port }, Token));
    }

    [Fact]
    public async Task StopAsync_Then_NobodyListensUntilRestart()
    {
        await using var broker = await LocalBroker.StartAsync(null, Token);
        var port = broker.Port;

        await broker.StopAsync(Token);
        await broker.StopAsync(Token);
        Assert.False(broker.IsRunning);
        await Assert.ThrowsAsync<SocketException>(() => KnockAsync(port));

        await broker.RestartAsync(Token);
        Assert.True(broker.IsRunning);
        Assert.Equal(port, broker.Port);
        await KnockAsync(port);
    }

    [Fact]
    public async Task RestartAsync_Retained_IsGone()
    {
        await using var bench = await Bench.StartAsync();
        var sender = await bench.ConnectAsync(Bench.Settings());
        await sender.PublishAsync(Bench.Message(bench.Topic, "old", retain: true), Token);

        await bench.Broker.RestartAsync(Token);
        var receiver = await bench.ListenAsync(bench.Topic);
        await sender.PublishAsync(Bench.Message(bench.Topic, "new"), Token);

        Assert.Equal("new", await Bench.NextTextAsync(receiver, bench.Topic));
    }

    [Fact]
    public async Task DisposeAsync_Twice_StaysStopped()
    {
        var broker = await LocalBroker.StartAsync(null, Token);

        await broker.DisposeAsync();
        await broker.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => broker.RestartAsync(Token));
        await Assert.ThrowsAsync<SocketException>(() => KnockAsync(broker.Port));
    }

    private static async Task KnockAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, Token);
    }
}
