using System.Diagnostics;
using System.Net.Sockets;
using FedJob.Testing.Faults;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.IntegrationTests.Faults;

/// <summary>What the proxy does to the bytes, seen from a client of an echo server behind it.</summary>
public sealed class FaultProxyBytesTests : FaultProxyTestBase
{
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
            await using FaultProxy proxy = Start(configure: o => o.Seed = seed);
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
}
