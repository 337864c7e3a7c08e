using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FedJob.Testing.Faults;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Each fault of the proxy, seen from a client of an echo server behind it.</summary>
public sealed class FaultProxyTests : IAsyncDisposable
{
    private readonly EchoServer _server = new();
    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public FaultProxyTests() => _limit.CancelAfter(TestTimeouts.Default);

    private CancellationToken Token => _limit.Token;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task Start_NoFaults_PassesBytesAndTheirEndAndCountsThem()
    {
        await using FaultProxy proxy = Start();
        using Socket client = await ConnectAsync(proxy);
        byte[] sent = Noise(1_000_000);

        Task<byte[]> back = ReadToEndAsync(client);
        await client.SendAsync(sent, Token);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(sent, await back);
        await proxy.WaitForAsync(c => c.Open == 0, Token);
        FaultProxyCounters counters = proxy.Counters;
        Assert.Equal((1, 0, 0), (counters.Accepted, counters.Refused, counters.Cut));
        Assert.Equal((1_000_000L, 1_000_000L), (counters.BytesToTarget, counters.BytesToClient));
    }

    [Fact]
    public async Task Set_CutAfterBytes_ForwardsExactlySoManyThenResets()
    {
        await using FaultProxy proxy = Start();
        proxy.Set(new LinkFaults { CutAfterBytes = 1000, Direction = FaultDirection.ToTarget });
        using Socket client = await ConnectAsync(proxy);

        await client.SendAsync(Noise(5000), Token);

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(client));
        Assert.Equal((1000L, 1), (proxy.Counters.BytesToTarget, proxy.Counters.Cut));
    }

    [Fact]
    public async Task Set_CutWithFinish_ClientReadsTheEnd()
    {
        await using FaultProxy proxy = Start();
        proxy.Set(new LinkFaults { CutAfterBytes = 1000, CutKind = CutKind.Finish, Direction = FaultDirection.ToClient });
        using Socket client = await ConnectAsync(proxy);
        byte[] sent = Noise(5000);

        await client.SendAsync(sent, Token);

        Assert.Equal(sent[..1000], await ReadToEndAsync(client));
    }

    [Fact]
    public async Task Cut_OpenConnections_AllAreResetAndNewOnesPass()
    {
        await using FaultProxy proxy = Start();
        using Socket first = await ConnectAsync(proxy);
        using Socket second = await ConnectAsync(proxy);
        await EchoAsync(first, 10);
        await EchoAsync(second, 10);

        Assert.Equal(2, proxy.Cut());

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(first));
        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(second));
        using Socket third = await ConnectAsync(proxy);
        await EchoAsync(third, 10);
        Assert.Equal([3], proxy.OpenConnections);
    }

    [Fact]
    public async Task Set_Refuse_ResetsBeforeTheTargetHearsOfIt()
    {
        await using FaultProxy proxy = Start();
        proxy.Set(new LinkFaults { Refuse = true });

        await Assert.ThrowsAsync<SocketException>(() => ConnectAndReadAsync(proxy));
        Assert.Equal((1, 0L), (proxy.Counters.Refused, proxy.Counters.BytesToTarget));
    }

    [Fact]
    public async Task Start_NobodyBehindIt_ClientIsRefused()
    {
        using var free = new Socket(SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        await using FaultProxy proxy = FaultProxy.Start(new FaultProxyOptions { TargetPort = ((IPEndPoint)free.LocalEndPoint!).Port });

        await Assert.ThrowsAsync<SocketException>(() => ConnectAndReadAsync(proxy));
        Assert.Equal(1, proxy.Counters.Refused);
    }

    [Fact]
    public async Task Set_BlackHole_SwallowsUntilTheConnectionIsCut()
    {
        await using FaultProxy proxy = Start();
        using Socket client = await ConnectAsync(proxy);
        await EchoAsync(client, 10);

        proxy.Set(1, new LinkFaults { BlackHole = true });
        await client.SendAsync(Noise(500), Token);
        await proxy.WaitForAsync(c => c.BytesSwallowed == 500, Token);
        proxy.Set(LinkFaults.None);
        await client.SendAsync(Noise(7), Token);

        await proxy.WaitForAsync(c => c.BytesSwallowed == 507, Token);
        Assert.Equal(10, proxy.Counters.BytesToClient);
        using Socket other = await ConnectAsync(proxy);
        await EchoAsync(other, 10);
    }

    [Fact]
    public async Task Set_Delay_HoldsBytesBackForThatTime()
    {
        var time = new FakeTimeProvider();
        await using FaultProxy proxy = Start(time);
        using Socket client = await ConnectAsync(proxy);
        await EchoAsync(client, 10);
        proxy.Set(new LinkFaults { Delay = TimeSpan.FromHours(1), Direction = FaultDirection.ToClient });

        await client.SendAsync(Noise(10), Token);
        await proxy.WaitForAsync(c => c.BytesToTarget == 20, Token);
        Assert.Equal(10, proxy.Counters.BytesToClient);
        await AdvanceUntilAsync(time, TimeSpan.FromHours(1), proxy.WaitForAsync(c => c.BytesToClient == 20, Token));
    }

    [Fact]
    public async Task Set_StalledThenFree_NothingIsLost()
    {
        await using FaultProxy proxy = Start();
        using Socket client = await ConnectAsync(proxy);
        proxy.Set(new LinkFaults { BytesPerSecond = 0 });
        await client.SendAsync(Noise(100), Token);
        Assert.Equal(0, proxy.Counters.BytesToTarget);

        proxy.Set(LinkFaults.None);

        await proxy.WaitForAsync(c => c.BytesToClient == 100, Token);
    }

    [Fact]
    public async Task Cut_WhileStalled_EndsTheConnection()
    {
        await using FaultProxy proxy = Start();
        using Socket client = await ConnectAsync(proxy);
        proxy.Set(new LinkFaults { BytesPerSecond = 0 });
        await client.SendAsync(Noise(100), Token);

        proxy.Cut();

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(client));
        await proxy.WaitForAsync(c => c.Open == 0, Token);
    }

    [Fact]
    public async Task Set_BytesPerSecond_TakesAtLeastTheTimeTheRateGives()
    {
        await using FaultProxy proxy = Start();
        proxy.Set(new LinkFaults { BytesPerSecond = 10_000, Direction = FaultDirection.ToTarget });
        using Socket client = await ConnectAsync(proxy);
        long begun = Stopwatch.GetTimestamp();

        await EchoAsync(client, 4000);

        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0.39, 20);
    }

    [Fact]
    public async Task Set_CorruptAtOffset_FlipsThatByteOnly()
    {
        await using FaultProxy proxy = Start();
        proxy.Set(new LinkFaults { CorruptAtOffset = 1234, Direction = FaultDirection.ToTarget });
        using Socket client = await ConnectAsync(proxy);
        byte[] sent = Noise(5000);

        byte[] back = await EchoAsync(client, sent);

        sent[1234] ^= 0xFF;
        Assert.Equal(sent, back);
        Assert.Equal(1, proxy.Counters.BytesCorrupted);
    }

    [Fact]
    public async Task Set_CorruptByChance_SameSeedSameBytes()
    {
        byte[] sent = Noise(200_000);
        var results = new List<byte[]>();
        foreach (int seed in new[] { 7, 7, 8 })
        {
            await using FaultProxy proxy = FaultProxy.Start(new FaultProxyOptions { TargetPort = _server.Port, Seed = seed });
            proxy.Set(new LinkFaults { CorruptProbability = 0.001, Direction = FaultDirection.ToTarget });
            using Socket client = await ConnectAsync(proxy);
            results.Add(await EchoAsync(client, sent));
            Assert.InRange(proxy.Counters.BytesCorrupted, 140, 260);
        }

        Assert.Equal(results[0], results[1]);
        Assert.NotEqual(results[0], results[2]);
    }

    [Fact]
    public async Task Set_Duplicate_ChunkArrivesTwice()
    {
        await using FaultProxy proxy = Start();
        proxy.Set(new LinkFaults { DuplicateProbability = 1, Direction = FaultDirection.ToTarget });
        using Socket client = await ConnectAsync(proxy);
        byte[] sent = Noise(100);
        await client.SendAsync(sent, Token);

        byte[] back = await ReadAsync(client, 200);

        Assert.Equal([.. sent, .. sent], back);
        await proxy.WaitForAsync(c => c.ChunksDuplicated == 1, Token);
    }

    [Fact]
    public async Task Flap_EachPeriod_CutsWhatIsOpen()
    {
        var time = new FakeTimeProvider();
        await using FaultProxy proxy = Start(time);
        proxy.Flap(TimeSpan.FromSeconds(1));
        for (int i = 1; i <= 3; i++)
        {
            using Socket client = await ConnectAsync(proxy);
            await EchoAsync(client, 10);
            time.Advance(TimeSpan.FromSeconds(1));
            await proxy.WaitForAsync(c => c.Cut == i, Token);
        }

        proxy.Flap(null);
        using Socket last = await ConnectAsync(proxy);
        time.Advance(TimeSpan.FromSeconds(10));
        await EchoAsync(last, 10);
    }

    [Fact]
    public async Task PlayAsync_Script_RunsItsStepsInTime()
    {
        var time = new FakeTimeProvider();
        await using FaultProxy proxy = Start(time);
        using Socket client = await ConnectAsync(proxy);
        await EchoAsync(client, 10);

        Task played = proxy.PlayAsync(
            [
                new FaultStep(TimeSpan.FromSeconds(1), new LinkFaults { BytesPerSecond = 0 }),
                new FaultStep(TimeSpan.FromSeconds(2), LinkFaults.None, CutKind.Reset),
            ],
            Token);
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), played);

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(client));
        using Socket next = await ConnectAsync(proxy);
        await EchoAsync(next, 10);
    }

    [Fact]
    public async Task DisposeAsync_ConnectionsOpenAndCalledTwice_ResetsThem()
    {
        FaultProxy proxy = Start();
        using Socket client = await ConnectAsync(proxy);
        await EchoAsync(client, 10);

        await proxy.DisposeAsync();
        await proxy.DisposeAsync();

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(client));
        Assert.Equal(0, proxy.Counters.Open);
    }

    [Fact]
    public async Task Start_MoreThanTheMaximum_AreRefused()
    {
        await using FaultProxy proxy = FaultProxy.Start(new FaultProxyOptions { TargetPort = _server.Port, MaximumConnections = 1 });
        using Socket first = await ConnectAsync(proxy);
        await EchoAsync(first, 10);

        await Assert.ThrowsAsync<SocketException>(() => ConnectAndReadAsync(proxy));
        await EchoAsync(first, 10);
    }

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static async Task AdvanceUntilAsync(FakeTimeProvider time, TimeSpan step, Task done)
    {
        // The waits begin on other threads: time goes on until they have seen it.
        while (!done.IsCompleted)
        {
            time.Advance(step);
            await Task.Yield();
        }

        await done;
    }

    private FaultProxy Start(TimeProvider? time = null) =>
        FaultProxy.Start(new FaultProxyOptions { TargetPort = _server.Port, TimeProvider = time ?? TimeProvider.System });

    private async Task<Socket> ConnectAsync(FaultProxy proxy)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, proxy.Port, Token);
        return socket;
    }

    // A reset may come before connecting has returned.
    private async Task<byte[]> ConnectAndReadAsync(FaultProxy proxy)
    {
        using Socket client = await ConnectAsync(proxy);
        return await ReadToEndAsync(client);
    }

    private Task<byte[]> EchoAsync(Socket client, int length) => EchoAsync(client, Noise(length));

    private async Task<byte[]> EchoAsync(Socket client, byte[] bytes)
    {
        Task<byte[]> back = ReadAsync(client, bytes.Length);
        await client.SendAsync(bytes, Token);
        return await back;
    }

    private async Task<byte[]> ReadAsync(Socket client, int length)
    {
        using var stream = new NetworkStream(client, ownsSocket: false);
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, Token);
        return bytes;
    }

    private async Task<byte[]> ReadToEndAsync(Socket client)
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
