using System.IO.Compression;
using System.Net;
using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.IntegrationTests.Storage;

/// <summary>Downloads from a server that misbehaves, over real sockets.</summary>
public sealed class HostileRepositoryTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("input", "9")]
    [Trait("fault", "9")]
    public async Task Download_CutInTheMiddle_TriedAgainAndWhole()
    {
        await using var server = new RawServer(
            RawServer.Answer(Head + "Content-Length: 10\r\n\r\n01234"), RawServer.Answer(Head + "Content-Length: 10\r\n\r\nabcdefghij"));
        using var under = new HostileUnderTest(server);

        DownloadedFile file = await under.DownloadAsync();

        Assert.Equal("abcdefghij", await File.ReadAllTextAsync(file.Path, Token));
        Assert.Equal(2, server.Count);
        Assert.Equal(["got"], under.Scratch.Files);
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\n01234")]
    [InlineData("Content-Length: 9223372036854775807\r\n\r\n01234")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nFFFF\r\n01234")]
    [Trait("input", "9")]
    public async Task Download_AlwaysCut_InterruptedAfterTheAllowedAttempts(string rest)
    {
        await using var server = new RawServer(RawServer.Answer(Head + rest));
        using var under = new HostileUnderTest(server, o => o.MaximumFileBytes = long.MaxValue);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.DownloadAsync());

        Assert.Equal(FedJobErrorCode.TransferInterrupted, thrown.Code);
        Assert.Equal(3, server.Count);
        Assert.Empty(under.Scratch.Files);
    }

    [Theory]
    [InlineData("Content-Length: 1000001\r\n\r\n")]
    [InlineData("Content-Length: 9223372036854775807\r\n\r\n")]
    [Trait("input", "9")]
    public async Task Download_AnnouncesTooMuch_RefusedAtOnce(string rest)
    {
        await using var server = new RawServer(RawServer.Answer(Head + rest));
        using var under = new HostileUnderTest(server, o => o.MaximumFileBytes = 1_000_000);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.DownloadAsync());

        Assert.Equal(FedJobErrorCode.FileTooLarge, thrown.Code);
        Assert.Equal(1, server.Count);
        Assert.Empty(under.Scratch.Files);
    }

    [Theory]
    [InlineData("Content-Length: -1\r\n\r\n")]
    [InlineData("Content-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("Content-Length: x\r\n\r\n")]
    [Trait("input", "9")]
    public async Task Download_LengthIsNoLength_BoundedAndTyped(string rest)
    {
        await using var server = new RawServer(RawServer.Answer(Head + rest));
        using var under = new HostileUnderTest(server, o => o.MaximumFileBytes = 1_000_000);

        RepositoryException? thrown = null;
        try
        {
            Assert.Equal(0, (await under.DownloadAsync()).Length);
        }
        catch (RepositoryException exception)
        {
            thrown = exception;
        }

        Assert.True(
            thrown is null or { Code: FedJobErrorCode.RepositoryRefused or FedJobErrorCode.TransferInterrupted }, thrown?.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("input", "9")]
    public async Task Download_EndlessBody_StoppedAtTheLimit(bool chunked)
    {
        await using var server = new RawServer(async (stream, cancellationToken) =>
        {
            await RawServer.ReadHeadAsync(stream, cancellationToken);
            string rest = chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Head + rest), cancellationToken);
            byte[] block = chunked
                ? [.. "1000\r\n"u8, .. new byte[0x1000], .. "\r\n"u8]
                : new byte[0x1000];
            while (true)
            {
                await stream.WriteAsync(block, cancellationToken);
            }
        });
        using var under = new HostileUnderTest(server, o => o.MaximumFileBytes = 3_000_000);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.DownloadAsync());

        Assert.Equal(FedJobErrorCode.FileTooLarge, thrown.Code);
        Assert.Equal(1, server.Count);
        Assert.Empty(under.Scratch.Files);
    }

    [Fact]
    public async Task Download_LengthNotAnnounced_AllUpToTheEnd()
    {
        await using var server = new RawServer(RawServer.Answer(Head + "Connection: close\r\n\r\n0123456789"));
        using var under = new HostileUnderTest(server);

        Assert.Equal(10, (await under.DownloadAsync()).Length);
    }

    [Fact]
    public async Task Download_LengthNotAnnouncedAndDigestDiffers_TriedAgain()
    {
        await using var server = new RawServer(
            RawServer.Answer(Head + "Connection: close\r\n\r\n01234"), RawServer.Answer(Head + "Connection: close\r\n\r\n0123456789"));
        using var under = new HostileUnderTest(server);

        DownloadedFile file = await under.DownloadAsync(expected: FileDigest.Compute("0123456789"u8, DigestAlgorithm.XxHash128));

        Assert.Equal(10, file.Length);
        Assert.Equal(2, server.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-")]
    [InlineData(Head + "Content-Length: 10\r\n\r\n01234")]
    [Trait("fault", "9")]
    public async Task Download_SilentServer_IdleTimeoutEndsIt(string before)
    {
        await using var server = new RawServer(async (stream, cancellationToken) =>
        {
            await RawServer.ReadHeadAsync(stream, cancellationToken);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(before), cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        });
        using var under = new HostileUnderTest(server, o =>
        {
            o.IdleTimeout = TimeSpan.FromMilliseconds(200);
            o.MaximumAttempts = 2;
        });

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.DownloadAsync());

        Assert.Equal(FedJobErrorCode.TransferInterrupted, thrown.Code);
        Assert.InRange(thrown.Elapsed!.Value, TimeSpan.FromMilliseconds(300), TestTimeouts.Default);
        Assert.Equal(2, server.Count);
        Assert.Empty(under.Scratch.Files);
    }

    [Fact]
    [Trait("input", "8")]
    public async Task Download_RedirectElsewhere_RefusedWithoutGoingThere()
    {
        await using var elsewhere = new RawServer(RawServer.Answer(Head + "Content-Length: 1\r\n\r\nx"));
        await using var server = new RawServer(
            RawServer.Answer($"HTTP/1.1 302 Found\r\nLocation: {elsewhere.Address}x\r\nContent-Length: 0\r\n\r\n"));
        using var under = new HostileUnderTest(server);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.DownloadAsync());

        Assert.Equal(FedJobErrorCode.UrlNotAllowed, thrown.Code);
        Assert.Equal(HttpStatusCode.Redirect, thrown.Status);
        Assert.Equal(0, elsewhere.Count);
        Assert.Equal(1, server.Count);
    }

    [Fact]
    [Trait("input", "8")]
    public async Task Download_UrlOfAnotherServer_RefusedBeforeAnyConnection()
    {
        await using var elsewhere = new RawServer(RawServer.Answer(Head + "Content-Length: 1\r\n\r\nx"));
        await using var server = new RawServer(RawServer.Answer(string.Empty));
        using var under = new HostileUnderTest(server);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.DownloadAsync(new Uri(elsewhere.Address, "x")));

        Assert.Equal(FedJobErrorCode.UrlNotAllowed, thrown.Code);
        Assert.Equal(0, elsewhere.Count + server.Count);
    }

    [Fact]
    [Trait("input", "9")]
    public async Task Download_GzipBomb_NeverUnpacked()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(new byte[50_000_000]);
        }

        string asked = string.Empty;
        await using var server = new RawServer(async (stream, cancellationToken) =>
        {
            asked = await RawServer.ReadHeadAsync(stream, cancellationToken);
            string rest = $"Content-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Head + rest), cancellationToken);
            await stream.WriteAsync(packed.ToArray(), cancellationToken);
        });
        using var under = new HostileUnderTest(server, o => o.MaximumFileBytes = 1_000_000);

        DownloadedFile file = await under.DownloadAsync();

        Assert.Equal(packed.Length, file.Length);
        Assert.Contains("Accept-Encoding: identity\r\n", asked);
    }

    [Fact]
    [Trait("input", "9")]
    public async Task Download_ServerNamesAPath_OwnNameUsed()
    {
        await using var server = new RawServer(RawServer.Answer(
            Head + "Content-Disposition: attachment; filename=\"../../evil\"\r\nContent-Length: 1\r\n\r\nx"));
        using var under = new HostileUnderTest(server);

        Assert.Equal(under.Scratch.PathOf("got"), (await under.DownloadAsync()).Path);
        Assert.Equal(["got"], under.Scratch.Files);
    }

    [Theory]
    [InlineData("not HTTP at all\r\n\r\n", FedJobErrorCode.RepositoryRefused)]
    [InlineData("HTTP/1.1 200 OK\r\nX: {long}\r\n\r\n", FedJobErrorCode.RepositoryRefused)]
    [InlineData("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", FedJobErrorCode.RepositoryRefused)]
    [InlineData("", FedJobErrorCode.TransferInterrupted)]
    [Trait("input", "9")]
    public async Task Download_NoRepositoryAnswers_Typed(string answer, FedJobErrorCode code)
    {
        await using var server = new RawServer(
            RawServer.Answer(answer.Replace("{long}", new string('x', 100_000), StringComparison.Ordinal)));
        using var under = new HostileUnderTest(server);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.DownloadAsync());

        Assert.Equal(code, thrown.Code);
        Assert.Empty(under.Scratch.Files);
    }

    [Fact]
    public async Task Dispose_TransferUnderWay_EndsItAtOnce()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawServer(async (stream, cancellationToken) =>
        {
            await RawServer.ReadHeadAsync(stream, cancellationToken);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Head + "Content-Length: 10\r\n\r\n01234"), cancellationToken);
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        });
        using var under = new HostileUnderTest(server);

        Task<DownloadedFile> download = under.DownloadAsync();
        await begun.Task.WaitAsync(TestTimeouts.Default, Token);
        under.Client.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => download.WaitAsync(TestTimeouts.Default, Token));
        Assert.Empty(under.Scratch.Files);
    }
}
