using System.Net;
using System.Net.Sockets;

namespace FedJob.IntegrationTests.Faults;

/// <summary>A TCP server that sends back what it gets.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;

    public EchoServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(EchoAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task EchoAsync(Socket client)
    {
        using (client)
        {
            try
            {
                var buffer = new byte[4096];
                while (await client.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
                {
                    await client.SendAsync(buffer.AsMemory(0, count), _stopping.Token);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                // Cut, which is what the tests are about.
            }
        }
    }
}
