using System.Net;
using System.Net.Sockets;

namespace FedJob.Protocol.Storage;

/// <summary>Makes the HTTP stack of a repository client: no redirects, no decompression, no cookies, no proxy.</summary>
internal static class RepositoryHandler
{
    private const int DrainedBytes = 64 * 1024;
    private const int ResponseHeaderKibibytes = 64;
    private const int UnsentBytes = 128 * 1024;

    // A fresh connection now and then finds a repository that moved to another address.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    // A repository that does not know "Expect: 100-continue" is sent the bytes after this.
    private static readonly TimeSpan LongestWaitForContinue = TimeSpan.FromSeconds(1);

    /// <summary>The handler.</summary>
    /// <exception cref="FedJob.Abstractions.FedJobException">A certificate file could not be loaded.</exception>
    public static SocketsHttpHandler Create(RepositorySettings settings, TlsOptions? tls)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            Expect100ContinueTimeout = Shorter(LongestWaitForContinue, settings.IdleTimeout / 2),
            ConnectTimeout = settings.ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            MaxResponseHeadersLength = ResponseHeaderKibibytes,
            MaxResponseDrainSize = DrainedBytes,
            ConnectCallback = ConnectAsync,
        };
        if (tls is not null)
        {
            handler.SslOptions = RepositoryTls.Load(tls);
        }

        return handler;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    // Connecting has its own limit, so the idle watch stands still meanwhile.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        context.InitialRequestMessage.Options.TryGetValue(IdleWatch.Key, out IdleWatch? watch);
        watch?.Pause();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            LimitUnsent(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            watch?.Restart();
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The system may queue megabytes that it has not sent and take no more until a third of them is gone: on a slow network an upload would
    // seem to stand still although it moves. With a small queue it is seen to move.
    private static void LimitUnsent(Socket socket)
    {
        const int TcpLevel = 6;
        int option = OperatingSystem.IsLinux() ? 25 : OperatingSystem.IsMacOS() ? 0x201 : 0;
        if (option == 0)
        {
            return;
        }

        try
        {
            socket.SetRawSocketOption(TcpLevel, option, BitConverter.GetBytes(UnsentBytes));
        }
        catch (SocketException)
        {
            // A system without the option: uploads work, only their standing still is seen less exactly.
        }
    }
}
