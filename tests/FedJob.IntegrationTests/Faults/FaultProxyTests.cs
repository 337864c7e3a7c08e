using System.Net;
using System.Net.Sockets;
using FedJob.Testing.Faults;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.IntegrationTests.Faults;

/// <summary>What the proxy does to whole connections, seen from a client of an echo server behind it.</summary>
public sealed class FaultProxyTests : FaultProxyTestBase
{
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
        await using FaultProxy proxy = Start(configure: o => o.MaximumConnections = 1);
        using Socket first = await ConnectAsync(proxy);
        await EchoAsync(first, 10);

        await Assert.ThrowsAsync<SocketException>(() => ConnectAndReadAsync(proxy));
        await EchoAsync(first, 10);
    }
}
