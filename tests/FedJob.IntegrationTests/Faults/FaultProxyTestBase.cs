using System.Net;
using System.Net.Sockets;
using FedJob.Testing.Faults;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.IntegrationTests.Faults;

/// <summary>An echo server, proxies before it, and clients.</summary>
public abstract class FaultProxyTestBase : IAsyncDisposable
{
    private readonly EchoServer _server = new();
    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    protected FaultProxyTestBase() => _limit.CancelAfter(TestTimeouts.Default);

    protected CancellationToken Token => _limit.Token;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _limit.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    protected static async Task AdvanceUntilAsync(FakeTimeProvider time, TimeSpan step, Task done)
    {
        // The waits begin on other threads: time goes on until they have seen it.
        while (!done.IsCompleted)
        {
            time.Advance(step);
            await Task.Yield();
        }

        await done;
    }

    protected FaultProxy Start(TimeProvider? time = null, Action<FaultProxyOptions>? configure = null)
    {
        var options = new FaultProxyOptions { TargetPort = _server.Port, TimeProvider = time ?? TimeProvider.System };
        configure?.Invoke(options);
        return FaultProxy.Start(options);
    }

    protected async Task<Socket> ConnectAsync(FaultProxy proxy)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, proxy.Port, Token);
        return socket;
    }

    // A reset may come before connecting has returned.
    protected async Task<byte[]> ConnectAndReadAsync(FaultProxy proxy)
    {
        using Socket client = await ConnectAsync(proxy);
        return await ReadToEndAsync(client);
    }

    protected Task<byte[]> EchoAsync(Socket client, int length) => EchoAsync(client, Noise(length));

    protected async Task<byte[]> EchoAsync(Socket client, byte[] bytes)
    {
        Task<byte[]> back = ReadAsync(client, bytes.Length);
        await client.SendAsync(bytes, Token);
        return await back;
    }

    protected async Task<byte[]> ReadAsync(Socket client, int length)
    {
        using var stream = new NetworkStream(client, ownsSocket: false);
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, Token);
        return bytes;
    }

    protected async Task<byte[]> ReadToEndAsync(Socket client)
    {
        var all = new MemoryStream();
        var buffer = new byte[4096];
        while (await client.ReceiveAsync(buffer, Token) is > 0 and var count)
        {
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }
}
