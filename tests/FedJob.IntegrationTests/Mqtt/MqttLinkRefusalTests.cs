using System.Net;
using System.Net.Sockets;
using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;
using FedJob.Testing;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.IntegrationTests.Mqtt;

public sealed class MqttLinkRefusalTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("u", "wrong", false)]
    [InlineData("other", "p", false)]
    [InlineData(null, null, false)]
    [InlineData("u", "wrong", true)]
    [Trait("seed", "29")]
    [Trait("fault", "6")]
    public async Task Connect_WrongLogin_IsTyped(string? user, string? password, bool onlyMqtt311)
    {
        await using var bench = await Bench.StartAsync(new LocalBrokerOptions { UserName = "u", Password = "p", OnlyMqtt311 = onlyMqtt311 });

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => bench.ListenAsync(bench.Topic, change: options => (options.UserName, options.Password) = (user, password)));

        Assert.Equal(FedJobErrorCode.BrokerAuthenticationFailed, thrown.Code);
        Assert.True(thrown.IsAuthenticationFailure);
        Assert.DoesNotContain("wrong", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_RightLogin_IsOpen()
    {
        await using var bench = await Bench.StartAsync(new LocalBrokerOptions { UserName = "u", Password = "p" });

        Assert.Equal(ConnectionState.Open, (await bench.ListenAsync(bench.Topic)).State);
    }

    [Fact]
    [Trait("fault", "6")]
    public async Task Connect_NobodyListens_IsTypedAtOnce()
    {
        var started = TimeProvider.System.GetTimestamp();

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => ConnectAsync(DeadPort(), TimeSpan.FromSeconds(10)));

        Assert.Equal(FedJobErrorCode.BrokerUnreachable, thrown.Code);
        Assert.Contains("ConnectionRefused", thrown.Message, StringComparison.Ordinal);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Connect_UnknownHost_IsTyped()
    {
        var options = new BrokerOptions { Host = "no-such-host.invalid", ConnectTimeout = TimeSpan.FromSeconds(5) };

        var thrown = await Assert.ThrowsAsync<MessagingException>(
            () => MqttLink.ConnectAsync(options, Bench.Settings(), new FakeLogger(), TimeProvider.System, Token));

        Assert.Equal(FedJobErrorCode.BrokerUnreachable, thrown.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("seed", "29")]
    [Trait("fault", "6")]
    public async Task Connect_AcceptedAndSilent_IsTypedWithinTheTimeout(bool tls)
    {
        using var hole = new BlackHole();
        var started = TimeProvider.System.GetTimestamp();

        var connecting = ConnectAsync(hole.Port, TimeSpan.FromSeconds(0.5), tls);
        using var socket = await hole.AcceptAsync(Token);
        var thrown = await Assert.ThrowsAsync<MessagingException>(() => connecting);

        Assert.Equal(FedJobErrorCode.BrokerUnreachable, thrown.Code);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(5));
        await BlackHole.ClosedAsync(socket, Token);
    }

    [Fact]
    public async Task Connect_CancelledWhileSilent_ThrowsCancelledAtOnceAndClosesTheSocket()
    {
        using var hole = new BlackHole();
        using var cancelling = new CancellationTokenSource();
        var options = new BrokerOptions { Port = hole.Port, ConnectTimeout = TimeSpan.FromSeconds(60) };
        var connecting = MqttLink.ConnectAsync(options, Bench.Settings(), new FakeLogger(), TimeProvider.System, cancelling.Token);
        using var socket = await hole.AcceptAsync(Token);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Bench.Patience, Token));
        await BlackHole.ClosedAsync(socket, Token);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")]
    [InlineData("")]
    [InlineData(" \u0002\u0000\u0087")]
    public async Task Connect_NoBrokerAtAll_IsTyped(string greeting)
    {
        await using var gate = new TcpGate(DeadPort()) { Greeting = _ => System.Text.Encoding.Latin1.GetBytes(greeting) };

        var thrown = await Assert.ThrowsAsync<MessagingException>(() => ConnectAsync(gate.Port, TimeSpan.FromSeconds(5)));

        Assert.Equal(greeting.Length == 4 ? FedJobErrorCode.BrokerAuthenticationFailed : FedJobErrorCode.BrokerRefused, thrown.Code);
        Assert.InRange(gate.Accepted, 1, 3);
    }

    private static Task<MqttLink> ConnectAsync(int port, TimeSpan timeout, bool tls = false) =>
        MqttLink.ConnectAsync(
            new BrokerOptions { Port = port, ConnectTimeout = timeout, Tls = tls ? new() : null }, Bench.Settings(), new FakeLogger(), TimeProvider.System, Token);

    private static int DeadPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Accepts connections and never says anything.</summary>
    private sealed class BlackHole : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public BlackHole() => _listener.Start();

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public async Task<Socket> AcceptAsync(CancellationToken cancellationToken) =>
            await _listener.AcceptSocketAsync(cancellationToken).AsTask().WaitAsync(Bench.Patience, cancellationToken);

        /// <summary>Waits until the other end of a connection is closed.</summary>
        public static async Task ClosedAsync(Socket socket, CancellationToken cancellationToken)
        {
            var buffer = new byte[4096];
            try
            {
                while (await socket.ReceiveAsync(buffer, cancellationToken).AsTask().WaitAsync(Bench.Patience, cancellationToken) > 0)
                {
                    // The connection request, unanswered.
                }
            }
            catch (SocketException)
            {
                // Closed the hard way.
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
