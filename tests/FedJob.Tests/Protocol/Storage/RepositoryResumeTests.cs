using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Tests.Protocol.Storage;

/// <summary>Downloads that go on where they were cut, and those that must not.</summary>
[Trait("fault", "9")]
public sealed class RepositoryResumeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Content = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))];
    private static readonly FileDigest Digest = FileDigest.Compute(Content, DigestAlgorithm.XxHash128);

    private readonly ConcurrentQueue<string> _asked = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DownloadAsync_CutTwiceAndRangesOffered_GoesOnWhereItWasCut()
    {
        using var under = Under(Cut(400), Part(400, 700, cut: true), Part(700, 1000));

        DownloadedFile file = await RunAsync(under, under.Download() with { ExpectedDigest = Digest });

        Assert.Equal(["", "bytes=400- \"v1\"", "bytes=700- \"v1\""], _asked);
        Assert.Equal((1000, Digest), (file.Length, file.Digest));
        Assert.Equal(Content, await File.ReadAllBytesAsync(file.Path, Token));
        Assert.Equal([under.Destination], under.Directory.Files);
    }

    [Fact]
    public async Task DownloadAsync_FileChangedMeanwhile_WholeFileComesAnew()
    {
        using var under = Under(Cut(400), Whole([7, 8, 9], "\"v2\""));

        DownloadedFile file = await RunAsync(under, under.Download());

        Assert.Equal(["", "bytes=400- \"v1\""], _asked);
        Assert.Equal([7, 8, 9], await File.ReadAllBytesAsync(file.Path, Token));
        Assert.Equal(FileDigest.Compute([7, 8, 9], DigestAlgorithm.XxHash128), file.Digest);
    }

    [Theory]
    [InlineData("bytes 399-999/1000")]
    [InlineData("bytes 400-998/1000")]
    [InlineData("bytes 400-1000/1001")]
    [InlineData("bytes 400-999/*")]
    [InlineData("bytes */1000")]
    [InlineData("lines 400-999/1000")]
    [InlineData(null)]
    [Trait("input", "9")]
    public async Task DownloadAsync_PartIsNotTheOneAskedFor_DroppedAndFetchedWholeWithoutRanges(string? range)
    {
        using var under = Under(
            Cut(400),
            () =>
            {
                HttpResponseMessage wrong = Part(400, 1000)();
                wrong.Content.Headers.ContentRange = range is null ? null : ContentRangeHeaderValue.Parse(range);
                return wrong;
            },
            Cut(300),
            Whole(Content, "\"v1\""));

        DownloadedFile file = await RunAsync(under, under.Download());

        Assert.Equal(["", "bytes=400- \"v1\"", "", ""], _asked);
        Assert.Equal(Content, await File.ReadAllBytesAsync(file.Path, Token));
    }

    [Fact]
    [Trait("input", "9")]
    public async Task DownloadAsync_PartOfAnotherVersion_Dropped()
    {
        using var under = Under(
            Cut(400),
            () =>
            {
                HttpResponseMessage other = Part(400, 1000)();
                other.Headers.ETag = new EntityTagHeaderValue("\"v2\"");
                return other;
            },
            Whole(Content, "\"v2\""));

        Assert.Equal(1000, (await RunAsync(under, under.Download())).Length);
        Assert.Equal(["", "bytes=400- \"v1\"", ""], _asked);
    }

    [Fact]
    public async Task DownloadAsync_RestNotThereAnyMore_FetchedWhole()
    {
        using var under = Under(Cut(400), () => StubHandler.Status(HttpStatusCode.RequestedRangeNotSatisfiable), Whole([1], "\"v2\""));

        Assert.Equal(1, (await RunAsync(under, under.Download())).Length);
        Assert.Equal(["", "bytes=400- \"v1\"", ""], _asked);
    }

    [Fact]
    public async Task DownloadAsync_PartsDoNotFitTogether_DigestFindsItAndTheFileIsFetchedWhole()
    {
        using var under = Under(
            Cut(400),
            () => new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = Ranged(new ByteArrayContent(new byte[600]), 400, 1000) },
            Whole(Content, "\"v1\""));

        DownloadedFile file = await RunAsync(under, under.Download() with { ExpectedDigest = Digest });

        Assert.Equal(Digest, file.Digest);
        Assert.Equal(["", "bytes=400- \"v1\"", ""], _asked);
    }

    [Theory]
    [InlineData(false, "\"v1\"", null, false, "")]
    [InlineData(true, "W/\"v1\"", null, true, "")]
    [InlineData(true, null, null, true, "")]
    [InlineData(true, null, 0.0, false, "")]
    [InlineData(true, null, 0.0, true, "bytes=400- Sun, 22 Nov 2026 12:00:00 GMT")]
    [InlineData(true, null, 2.0, false, "bytes=400- Sun, 22 Nov 2026 11:59:58 GMT")]
    public async Task DownloadAsync_ServerTellsTheVersionThisWay_ResumedOnlyIfThatIsSafe(
        bool offersRanges, string? tag, double? ageSeconds, bool digest, string second)
    {
        using var under = Under(
            () =>
            {
                HttpResponseMessage first = Cut(400)();
                if (!offersRanges)
                {
                    first.Headers.AcceptRanges.Clear();
                }

                first.Headers.ETag = tag is null ? null : EntityTagHeaderValue.Parse(tag);
                first.Headers.Date = Now;
                first.Content.Headers.LastModified = ageSeconds is { } age ? Now - TimeSpan.FromSeconds(age) : null;
                return first;
            },
            second.Length > 0 ? Part(400, 1000) : Whole(Content, "\"v1\""));

        DownloadedFile file = await RunAsync(under, under.Download() with { ExpectedDigest = digest ? Digest : null });

        Assert.Equal(["", second], _asked);
        Assert.Equal(Content, await File.ReadAllBytesAsync(file.Path, Token));
    }

    [Fact]
    [Trait("input", "9")]
    public async Task DownloadAsync_PartNobodyAskedFor_Refused()
    {
        using var under = Under(Part(400, 1000));

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => RunAsync(under, under.Download()));

        Assert.Equal((FedJobErrorCode.RepositoryRefused, HttpStatusCode.PartialContent), (thrown.Code, thrown.Status));
        Assert.Empty(under.Directory.Files);
    }

    [Fact]
    [Trait("input", "9")]
    public async Task DownloadAsync_PartsLongerThanTheLimit_Refused()
    {
        using var under = Under(
            () =>
            {
                HttpResponseMessage first = Cut(400)();
                first.Content.Headers.ContentLength = null;
                return first;
            },
            Part(400, 1000));

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => RunAsync(under, under.Download() with { MaximumBytes = 999 }));

        Assert.Equal(FedJobErrorCode.FileTooLarge, thrown.Code);
        Assert.Empty(under.Directory.Files);
    }

    [Fact]
    public async Task DownloadAsync_IdleTimeoutOfTheRequest_HoldsForIt()
    {
        var stalled = new StalledStream([1], [2]);
        using var under = new RepositoryUnderTest(
            new StubHandler(() => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(stalled) }), o => o.MaximumAttempts = 1);

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download() with { IdleTimeout = TimeSpan.FromSeconds(3) }, Token);
        while (!download.IsCompleted)
        {
            under.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => download);
        Assert.Equal(FedJobErrorCode.TransferInterrupted, thrown.Code);
        Assert.Contains("3 s (DownloadRequest.IdleTimeout)", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(86401)]
    [Trait("input", "15")]
    public async Task DownloadAsync_IdleTimeoutNotAllowed_ArgumentErrorBeforeAnyRequest(int seconds)
    {
        var handler = new StubHandler(Whole(Content, "\"v1\""));
        using var under = new RepositoryUnderTest(handler);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => under.Client.DownloadAsync(under.Download() with { IdleTimeout = TimeSpan.FromSeconds(seconds) }, Token));

        Assert.Equal(0, handler.Count);
    }

    private static async Task<DownloadedFile> RunAsync(RepositoryUnderTest under, DownloadRequest request)
    {
        Task<DownloadedFile> download = under.Client.DownloadAsync(request, Token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task pausing;
        do
        {
            // The pauses between the attempts, and nothing but them: no transfer stands still meanwhile.
            pausing = under.Clock.PassPauseAsync(over.Token);
        }
        while (await Task.WhenAny(download, pausing) == pausing);

        await over.CancelAsync();
        await pausing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await download;
    }

    private static Func<HttpResponseMessage> Cut(int length) => () => Versioned(
        new HttpResponseMessage(HttpStatusCode.OK) { Content = new CutContent(Content[..length], Content.Length) }, "\"v1\"");

    private static Func<HttpResponseMessage> Whole(byte[] bytes, string tag) => () => Versioned(StubHandler.File(bytes), tag);

    private static Func<HttpResponseMessage> Part(int from, int to, bool cut = false) => () => Versioned(
        new HttpResponseMessage(HttpStatusCode.PartialContent)
        {
            Content = cut
                ? Ranged(new CutContent(Content[from..to], Content.Length - from), from, Content.Length)
                : Ranged(new ByteArrayContent(Content[from..to]), from, Content.Length),
        },
        "\"v1\"");

    private static HttpContent Ranged(HttpContent content, int from, int total)
    {
        content.Headers.ContentRange = new ContentRangeHeaderValue(from, total - 1, total);
        return content;
    }

    private static HttpResponseMessage Versioned(HttpResponseMessage response, string tag)
    {
        response.Headers.AcceptRanges.Add("bytes");
        response.Headers.ETag = EntityTagHeaderValue.Parse(tag);
        return response;
    }

    private RepositoryUnderTest Under(params Func<HttpResponseMessage>[] answers) => new(new StubHandler(
        [.. answers.Select<Func<HttpResponseMessage>, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>>(answer => (request, _) =>
        {
            _asked.Enqueue($"{request.Headers.Range} {request.Headers.IfRange}".Trim());
            return Task.FromResult(answer());
        })]));
}
