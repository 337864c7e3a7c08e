using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FedJob.Protocol.Mqtt;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace FedJob.Testing;

/// <summary>
/// An MQTT broker in this process, on loopback. It can be stopped and started again on the same port, as a broker that was killed: without a word to
/// its clients, and with nothing kept of subscriptions, queues and retained messages.
/// </summary>
public sealed class LocalBroker : IAsyncDisposable
{
    // The library's default, 1000, drops the oldest waiting message of a client without a word.
    private const int MaximumPendingMessages = 100_000;
    private const int RestartAttempts = 40;

    private static readonly TimeSpan RestartPause = TimeSpan.FromMilliseconds(50);

    private readonly LocalBrokerOptions _options;
    private readonly SemaphoreSlim _turn = new(1);
    private MqttServer? _server;
    private bool _disposed;

    private LocalBroker(LocalBrokerOptions options) => _options = options;

    /// <summary>The port on <see cref="LocalBrokerOptions.ListenAddress"/>; it stays the same over restarts.</summary>
    public int Port { get; private set; }

    /// <summary>Whether the broker runs.</summary>
    public bool IsRunning => _server is not null;

    /// <summary>Starts a broker.</summary>
    /// <param name="options">How it behaves; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Ends the start; nothing is left behind.</param>
    /// <returns>The running broker.</returns>
    /// <exception cref="SocketException">The port is taken.</exception>
    public static async Task<LocalBroker> StartAsync(LocalBrokerOptions? options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var broker = new LocalBroker(options ?? new LocalBrokerOptions());
        var (server, port) = await broker.ListenAsync(broker._options.Port).ConfigureAwait(false);
        broker._server = server;
        broker.Port = port;
        return broker;
    }

    /// <summary>Options for a client of this broker: address, user name and password. TLS files are for the caller to add.</summary>
    /// <returns>New options at each call, to be changed freely.</returns>
    public BrokerOptions CreateClientOptions() => new()
    {
        Host = IPAddress.Loopback.ToString(),
        Port = Port,
        UserName = _options.UserName,
        Password = _options.UserName is null ? null : _options.Password,
    };

    /// <summary>Stops the broker as if it were killed. Does nothing when it is stopped already.</summary>
    /// <param name="cancellationToken">Ends the wait for its turn.</param>
    /// <returns>A task that ends when nobody listens on the port any more.</returns>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await StopServerAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops the broker, if it runs, and starts it on the same port; everything it held is gone.</summary>
    /// <param name="cancellationToken">Ends the attempt; the broker is then stopped.</param>
    /// <returns>A task that ends when the broker listens again.</returns>
    /// <exception cref="SocketException">The port stayed taken by somebody else for 2 s.</exception>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            await StopServerAsync().ConfigureAwait(false);
            for (var attempt = 1; _server is null; attempt++)
            {
                try
                {
                    (_server, _) = await ListenAsync(Port).ConfigureAwait(false);
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < RestartAttempts)
                {
                    // A client that knocks at a closed local port can, rarely, be given that very port for itself.
                    await Task.Delay(RestartPause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops the broker for good.</summary>
    /// <returns>A task that ends when nobody listens on the port any more.</returns>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            _disposed = true;
            await StopServerAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static bool SameSecret(string? given, string? expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given ?? string.Empty), Encoding.UTF8.GetBytes(expected ?? string.Empty));

    private static bool IsIssuedBy(X509Certificate? certificate, X509Certificate2 authority)
    {
        if (certificate is null)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var copy = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(copy);
    }

    private async Task<(MqttServer Server, int Port)> ListenAsync(int port)
    {
        var options = new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint()
            .WithPersistentSessions()
            .WithMaxPendingMessagesPerClient(MaximumPendingMessages)
            .Build();
        MqttServerTcpEndpointBaseOptions endpoint = options.DefaultEndpointOptions;
        if (_options.Certificate is { } certificate)
        {
            options.TlsEndpointOptions.CertificateProvider = new OneCertificate(certificate);
            options.TlsEndpointOptions.ClientCertificateRequired = _options.ClientAuthority is not null;
            options.TlsEndpointOptions.RemoteCertificateValidationCallback =
                (_, presented, _, _) => _options.ClientAuthority is null || IsIssuedBy(presented, _options.ClientAuthority);
            endpoint = options.TlsEndpointOptions;
        }

        endpoint.IsEnabled = true;
        endpoint.Port = port;
        bool v6 = _options.ListenAddress.AddressFamily == AddressFamily.InterNetworkV6;
        endpoint.BoundInterNetworkAddress = v6 ? IPAddress.None : _options.ListenAddress;
        endpoint.BoundInterNetworkV6Address = v6 ? _options.ListenAddress : IPAddress.None;
        var server = new MqttServerFactory().CreateMqttServer(options);
        server.ValidatingConnectionAsync += ValidateAsync;
        try
        {
            await server.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            server.Dispose();
            throw;
        }

        // The library writes the port it was given here.
        return (server, endpoint.Port);
    }

    private Task ValidateAsync(ValidatingConnectionEventArgs connection)
    {
        if (_options.OnlyMqtt311 && connection.ProtocolVersion == MQTTnet.Formatter.MqttProtocolVersion.V500)
        {
            connection.ReasonCode = MqttConnectReasonCode.UnsupportedProtocolVersion;
        }
        else if (_options.UserName is not null
            && (connection.UserName != _options.UserName || !SameSecret(connection.Password, _options.Password)))
        {
            connection.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
        }

        return Task.CompletedTask;
    }

    private async Task StopServerAsync()
    {
        if (_server is not { } server)
        {
            return;
        }

        _server = null;

        // With this reason the library closes the connections without telling the clients.
        var unannounced = new MqttServerClientDisconnectOptions { ReasonCode = MqttDisconnectReasonCode.NormalDisconnection };
        await server.StopAsync(new MqttServerStopOptions { DefaultClientDisconnectOptions = unannounced }).ConfigureAwait(false);
        server.Dispose();
    }

    private sealed class OneCertificate(X509Certificate2 certificate) : MQTTnet.Certificates.ICertificateProvider
    {
        public X509Certificate2 GetCertificate() => certificate;
    }
}
