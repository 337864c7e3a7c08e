using System.Diagnostics;
using FedJob.Abstractions;
using FedJob.IntegrationTests.Storage;
using FedJob.Protocol.Storage;
using FedJob.Testing;
using FedJob.Testing.Faults;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Downloads through a bad network, with and without a server that offers ranges.</summary>
public sealed class TransferFaultTests
{
    private const int Mebibyte = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, CutKind.Reset)]
    [InlineData(true, CutKind.Finish)]
    [InlineData(false, CutKind.Reset)]
    [Trait("fault", "9")]
    public async Task DownloadAsync_CutTwiceInTheMiddle_WholeAndOnlyTheRestIsSentAgain(bool servesRanges, CutKind kind)
    {
        await using var bench = await TransferBench.StartAsync(servesRanges, 8 * Mebibyte);
        bench.Proxy.Set(1, new LinkFaults { CutAfterBytes = 5 * Mebibyte, CutKind = kind, Direction = FaultDirection.ToClient });
        bench.Proxy.Set(2, new LinkFaults { CutAfterBytes = 2 * Mebibyte, CutKind = kind, Direction = FaultDirection.ToClient });

        DownloadedFile file = await bench.DownloadAsync();

        Assert.Equal(bench.Uploaded.Digest, file.Digest);
        Assert.Equal(["got", "sent"], bench.Scratch.Files);
        Assert.Equal(3, bench.Proxy.Counters.Accepted);
        long passed = bench.Proxy.Counters.BytesToClient;
        if (servesRanges)
        {
            // What lay in buffers when it was cut, and the headers, come twice.
            Assert.InRange(passed, 8 * Mebibyte, 13 * Mebibyte);
        }
        else
        {
            Assert.InRange(passed, 15 * Mebibyte, 16 * Mebibyte);
        }
    }

    [Fact]
    [Trait("fault", "9")]
    public async Task DownloadAsync_SlowButMoving_NoWallClockEndsIt()
    {
        await using var bench = await TransferBench.StartAsync(servesRanges: false, 3000);
        bench.Proxy.Set(new LinkFaults { BytesPerSecond = 2000, Direction = FaultDirection.ToClient });
        long begun = Stopwatch.GetTimestamp();

        DownloadedFile file = await bench.DownloadAsync(TimeSpan.FromMilliseconds(700));

        Assert.Equal(bench.Uploaded.Digest, file.Digest);
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1.4, 30);
        Assert.Equal(1, bench.Proxy.Counters.Accepted);
    }

    [Fact]
    [Trait("fault", "9")]
    public async Task DownloadAsync_StandsStillInTheMiddle_IdleTimeoutEndsItAndNothingIsLeft()
    {
        await using var bench = await TransferBench.StartAsync(servesRanges: true, 100_000);
        bench.Proxy.Set(new LinkFaults { BytesPerSecond = 0, Direction = FaultDirection.ToClient });

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => bench.DownloadAsync(TimeSpan.FromMilliseconds(200)));

        Assert.Equal(FedJobErrorCode.TransferInterrupted, thrown.Code);
        Assert.Contains("0.2 s (DownloadRequest.IdleTimeout)", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(["sent"], bench.Scratch.Files);
    }

    [Fact]
    [Trait("fault", "9")]
    public async Task DownloadAsync_UnderWay_NothingIsVisibleUnderTheFinalName()
    {
        await using var bench = await TransferBench.StartAsync(servesRanges: false, 4 * Mebibyte);
        bench.Proxy.Set(new LinkFaults { BytesPerSecond = 100_000, Direction = FaultDirection.ToClient });

        Task<DownloadedFile> download = bench.DownloadAsync();
        await bench.Proxy.WaitForAsync(c => c.BytesToClient > 10_000, Token).WaitAsync(TestTimeouts.Default, Token);
        Assert.DoesNotContain("got", bench.Scratch.Files);
        bench.Proxy.Set(LinkFaults.None);
        await download;

        Assert.Equal(["got", "sent"], bench.Scratch.Files);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("fault", "10")]
    public async Task DownloadAsync_ByteFlippedOnTheWay_DigestTells(bool servesRanges)
    {
        await using var bench = await TransferBench.StartAsync(servesRanges, 100_000);
        bench.Proxy.Set(new LinkFaults { CorruptAtOffset = 50_000, Direction = FaultDirection.ToClient });

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => bench.DownloadAsync());

        Assert.Equal(FedJobErrorCode.DigestMismatch, thrown.Code);
        Assert.Equal(["sent"], bench.Scratch.Files);
    }

    [Theory]
    [InlineData("503 Service Unavailable")]
    [InlineData("429 Too Many Requests")]
    [Trait("fault", "8")]
    public async Task DownloadAsync_BusyWithRetryAfter_WaitsThatLongAndGoesOn(string status)
    {
        await using var server = new RawServer(
            RawServer.Answer($"HTTP/1.1 {status}\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            RawServer.Answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"));
        using var under = new HostileUnderTest(server);
        long begun = Stopwatch.GetTimestamp();

        DownloadedFile file = await under.DownloadAsync();

        Assert.Equal(2, file.Length);
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0.99, 20);
        Assert.Equal(2, server.Count);
    }

    [Theory]
    [InlineData("500 Internal Server Error")]
    [InlineData("502 Bad Gateway")]
    [Trait("fault", "8")]
    public async Task DownloadAsync_FailsAgainAndAgain_BoundedAndTyped(string status)
    {
        await using var server = new RawServer(RawServer.Answer($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        using var under = new HostileUnderTest(server);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.DownloadAsync());

        Assert.Equal((FedJobErrorCode.RepositoryRefused, 3), (thrown.Code, server.Count));
        Assert.Empty(under.Scratch.Files);
    }

    [Fact]
    [Trait("input", "9")]
    public async Task DownloadAsync_RestIsEndless_StoppedAtTheAnnouncedLength()
    {
        await using var server = new RawServer(
            RawServer.Answer("HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nETag: \"v\"\r\nContent-Length: 10\r\n\r\n01234"),
            async (stream, cancellationToken) =>
            {
                await RawServer.ReadHeadAsync(stream, cancellationToken);
                await stream.WriteAsync(
                    "HTTP/1.1 206 Partial Content\r\nETag: \"v\"\r\nContent-Range: bytes 5-9/10\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(),
                    cancellationToken);
                byte[] chunk = [.. "1000\r\n"u8, .. new byte[0x1000], .. "\r\n"u8];
                while (true)
                {
                    await stream.WriteAsync(chunk, cancellationToken);
                }
            });
        using var under = new HostileUnderTest(server, o => o.MaximumFileBytes = 1_000_000);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.DownloadAsync());

        Assert.True(thrown.Code is FedJobErrorCode.FileTooLarge or FedJobErrorCode.TransferInterrupted, thrown.Message);
        Assert.Empty(under.Scratch.Files);
    }

    private sealed class TransferBench : IAsyncDisposable
    {
        private readonly LocalRepository _server;
        private readonly Repository _client;

        private TransferBench(LocalRepository server)
        {
            _server = server;
            Proxy = FaultProxy.Start(new FaultProxyOptions { TargetPort = server.Address.Port });
            _client = new Repository(
                new RepositoryOptions { Address = new Uri($"http://127.0.0.1:{Proxy.Port}/"), RetryDelay = TimeSpan.FromMilliseconds(1) },
                NullLogger<Repository>.Instance,
                TimeProvider.System);
        }

        public FaultProxy Proxy { get; }

        public ScratchDirectory Scratch { get; } = new();

        public UploadedFile Uploaded { get; private set; } = null!;

        public static async Task<TransferBench> StartAsync(bool servesRanges, int length)
        {
            var bench = new TransferBench(await LocalRepository.StartAsync(new LocalRepositoryOptions { ServesRanges = servesRanges }, Token));
            using var direct = new Repository(
                new RepositoryOptions { Address = bench._server.Address }, NullLogger<Repository>.Instance, TimeProvider.System);
            bench.Uploaded = await direct.UploadAsync(bench.Scratch.WriteNoise("sent", length), "noise.mpk", Token);
            return bench;
        }

        public Task<DownloadedFile> DownloadAsync(TimeSpan? idle = null) => _client.DownloadAsync(
            new DownloadRequest
            {
                Url = new UriBuilder(Uploaded.Url) { Port = Proxy.Port }.Uri,
                DestinationPath = Scratch.PathOf("got"),
                ExpectedDigest = Uploaded.Digest,
                IdleTimeout = idle,
            },
            Token);

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await Proxy.DisposeAsync();
            await _server.DisposeAsync();
            Scratch.Dispose();
        }
    }
}
