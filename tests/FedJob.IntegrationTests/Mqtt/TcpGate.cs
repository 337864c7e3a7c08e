using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FedJob.IntegrationTests.Mqtt;

/// <summary>A TCP proxy on loopback that can stop forwarding, cut its connections, or turn connections away by their first packet.</summary>
internal sealed class TcpGate : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly int _target;
    private readonly Task _accepting;
    private volatile bool _silent;
    private int _accepted;
    private long _swallowed;

    public TcpGate(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many bytes of clients were swallowed.</summary>
    public long Swallowed => Interlocked.Read(ref _swallowed);

    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Answers a client's first bytes in the broker's place and closes; <see langword="null"/> lets it through.</summary>
    public Func<ReadOnlyMemory<byte>, byte[]?> Greeting { get; set; } = _ => null;

    /// <summary>Whether bytes are swallowed, both ways, while connections stay open.</summary>
    public void Silence(bool silent) => _silent = silent;

    /// <summary>Cuts all connections.</summary>
    public void Cut()
    {
        foreach (var socket in _sockets.Keys)
        {
            socket.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var pumps = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stopping.Token);
                Interlocked.Increment(ref _accepted);
                _sockets[client] = true;
                pumps.Add(ServeAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            Cut();
        }

        await Task.WhenAll(pumps);
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _sockets[server] = true;
        try
        {
            client.NoDelay = true;
            var buffer = new byte[4096];
            var count = await client.ReceiveAsync(buffer, _stopping.Token);
            if (Greeting(buffer.AsMemory(0, count)) is { } answer)
            {
                if (answer.Length > 0)
                {
                    await client.SendAsync(answer, _stopping.Token);
                }

                return;
            }

            await server.ConnectAsync(IPAddress.Loopback, _target, _stopping.Token);
            server.NoDelay = true;
            await server.SendAsync(buffer.AsMemory(0, count), _stopping.Token);
            await Task.WhenAny(PumpAsync(client, server, count => Interlocked.Add(ref _swallowed, count)), PumpAsync(server, client, _ => { }));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Cut, by the test or by an end.
        }
        finally
        {
            client.Dispose();
            _sockets.TryRemove(client, out _);
            _sockets.TryRemove(server, out _);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Action<int> swallowed)
    {
        var buffer = new byte[65536];
        try
        {
            while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
            {
                if (_silent)
                {
                    swallowed(count);
                }
                else
                {
                    await to.SendAsync(buffer.AsMemory(0, count), _stopping.Token);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // As above.
        }
    }
}
