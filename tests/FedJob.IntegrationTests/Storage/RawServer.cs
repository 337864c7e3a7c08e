using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace FedJob.IntegrationTests.Storage;

/// <summary>A server of raw bytes: the n-th connection is given to the n-th script, the last one from then on.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Func<Stream, CancellationToken, Task>[] _scripts;
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly Task _accepting;
    private readonly List<Task> _connections = [];
    private int _count;

    public RawServer(params Func<Stream, CancellationToken, Task>[] scripts)
        : this(null, scripts)
    {
    }

    public RawServer(SslServerAuthenticationOptions? tls, params Func<Stream, CancellationToken, Task>[] scripts)
    {
        _tls = tls;
        _scripts = scripts;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public Uri Address => new($"{(_tls is null ? "http" : "https")}://127.0.0.1:{Port}/");

    /// <summary>How many connections were accepted.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>A script that reads a request's head and then writes text and closes.</summary>
    public static Func<Stream, CancellationToken, Task> Answer(string text) => async (stream, cancellationToken) =>
    {
        await ReadHeadAsync(stream, cancellationToken);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), cancellationToken);
    };

    /// <summary>Reads up to the empty line after a request's headers.</summary>
    public static async Task<string> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, cancellationToken) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stopping.Token);
                int number = Interlocked.Increment(ref _count);
                _connections.Add(ServeAsync(socket, _scripts[Math.Min(number, _scripts.Length) - 1]));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket socket, Func<Stream, CancellationToken, Task> script)
    {
        try
        {
            await using var network = new NetworkStream(socket, ownsSocket: true);
            if (_tls is null)
            {
                await script(network, _stopping.Token);
                return;
            }

            await using var secure = new SslStream(network);
            await secure.AuthenticateAsServerAsync(_tls, _stopping.Token);
            await script(secure, _stopping.Token);
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The client went away, as some tests want it to.
        }
    }
}
