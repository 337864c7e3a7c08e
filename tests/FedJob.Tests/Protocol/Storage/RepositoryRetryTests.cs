using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;

namespace FedJob.Tests.Protocol.Storage;

public sealed class RepositoryRetryTests
{
    private static readonly byte[] Content = [1, 2, 3];

    [Theory]
    [InlineData(HttpStatusCode.RequestTimeout)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    [Trait("seed", "4")]
    [Trait("seed", "30")]
    [Trait("fault", "8")]
    public async Task DownloadAsync_PassingStatus_TriedAgainAfterAPause(HttpStatusCode status)
    {
        var handler = new StubHandler(() => StubHandler.Status(status), () => StubHandler.File(Content));
        using var under = new RepositoryUnderTest(handler);

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        TimeSpan pause = await under.Clock.PassPauseAsync(TestContext.Current.CancellationToken);
        DownloadedFile file = await download;

        Assert.Equal(3, file.Length);
        Assert.InRange(pause, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(2));
        Assert.Equal(2, handler.Count);
        Assert.Contains(under.Logger.Collector.GetSnapshot(), record => record.Id.Id == 1300 && record.Level == LogLevel.Warning);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(HttpStatusCode.NoContent)]
    [InlineData(HttpStatusCode.PartialContent)]
    public async Task DownloadAsync_LastingStatus_RefusedAtOnce(HttpStatusCode status)
    {
        var handler = new StubHandler(() => StubHandler.Status(status));
        using var under = new RepositoryUnderTest(handler);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.RepositoryRefused, thrown.Code);
        Assert.Equal(status, thrown.Status);
        Assert.Equal(under.Download().Url, thrown.Location);
        Assert.NotNull(thrown.Elapsed);
        Assert.Equal(1, handler.Count);
        Assert.Empty(under.Directory.Files);
    }

    [Fact]
    [Trait("fault", "8")]
    public async Task DownloadAsync_NeverAnswered_GivenUpAfterTheAllowedAttemptsWithGrowingPauses()
    {
        var handler = new StubHandler((_, _) => throw new HttpRequestException(
            HttpRequestError.ConnectionError, "refused", new SocketException((int)SocketError.ConnectionRefused)));
        using var under = new RepositoryUnderTest(handler, o =>
        {
            o.MaximumAttempts = 6;
            o.MaximumRetryDelay = TimeSpan.FromSeconds(4);
        });

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        var pauses = new List<TimeSpan>();
        for (int i = 0; i < 5; i++)
        {
            pauses.Add(await under.Clock.PassPauseAsync(TestContext.Current.CancellationToken));
        }

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => download);
        Assert.Equal(FedJobErrorCode.RepositoryUnreachable, thrown.Code);
        Assert.Equal(6, handler.Count);
        Assert.Equal(pauses.Aggregate(TimeSpan.Zero, (sum, pause) => sum + pause), thrown.Elapsed);
        Assert.All(pauses, pause => Assert.InRange(pause, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(4)));
        Assert.True(pauses[^1] > pauses[0]);
        Assert.Contains("6 attempts", thrown.Message);
    }

    [Fact]
    public async Task DownloadAsync_OneAttemptAllowed_NoPause()
    {
        var handler = new StubHandler(() => StubHandler.Status(HttpStatusCode.ServiceUnavailable));
        using var under = new RepositoryUnderTest(handler, o => o.MaximumAttempts = 1);

        await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken));

        Assert.Equal(1, handler.Count);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("Sun, 22 Nov 2026 12:00:07 GMT")]
    [Trait("fault", "8")]
    public async Task DownloadAsync_RetryAfter_WaitsThatLong(string retryAfter)
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => Busy(retryAfter), () => StubHandler.File(Content)));

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        TimeSpan pause = await under.Clock.PassPauseAsync(TestContext.Current.CancellationToken);
        await download;

        Assert.Equal(TimeSpan.FromSeconds(7), pause);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("Sun, 22 Nov 2026 11:00:00 GMT")]
    [InlineData("soon")]
    [InlineData("-5")]
    public async Task DownloadAsync_RetryAfterWithoutATimeToCome_OwnPause(string retryAfter)
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => Busy(retryAfter), () => StubHandler.File(Content)));

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        TimeSpan pause = await under.Clock.PassPauseAsync(TestContext.Current.CancellationToken);
        await download;

        Assert.InRange(pause, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData("31")]
    [InlineData("Sun, 22 Nov 2026 13:00:00 GMT")]
    [InlineData("2147483647")]
    public async Task DownloadAsync_RetryAfterBeyondTheLongestPause_GivenUpAtOnceNamingBoth(string retryAfter)
    {
        var handler = new StubHandler(() => Busy(retryAfter));
        using var under = new RepositoryUnderTest(handler);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken));

        Assert.Equal(1, handler.Count);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, thrown.Status);
        Assert.Contains("MaximumRetryDelay (30 s)", thrown.Message);
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, FedJobErrorCode.RepositoryUnreachable, 2)]
    [InlineData(HttpRequestError.NameResolutionError, FedJobErrorCode.RepositoryUnreachable, 2)]
    [InlineData(HttpRequestError.ResponseEnded, FedJobErrorCode.TransferInterrupted, 2)]
    [InlineData(HttpRequestError.InvalidResponse, FedJobErrorCode.RepositoryRefused, 1)]
    [InlineData(HttpRequestError.ConfigurationLimitExceeded, FedJobErrorCode.RepositoryRefused, 1)]
    public async Task DownloadAsync_NetworkError_TypedAndTriedAgainWhereItMayPass(
        HttpRequestError error, FedJobErrorCode code, int attempts)
    {
        var handler = new StubHandler((_, _) => throw new HttpRequestException(error, "said so"));
        using var under = new RepositoryUnderTest(handler, o => o.MaximumAttempts = 2);

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        if (attempts > 1)
        {
            await under.Clock.PassPauseAsync(TestContext.Current.CancellationToken);
        }

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => download);
        Assert.Equal(code, thrown.Code);
        Assert.Equal(attempts, handler.Count);
        Assert.IsType<HttpRequestException>(thrown.InnerException);
    }

    [Fact]
    public async Task DownloadAsync_CertificateRefused_NotTriedAgain()
    {
        var handler = new StubHandler((_, _) => throw new HttpRequestException(
            HttpRequestError.SecureConnectionError, "tls", new AuthenticationException("The remote certificate is invalid")));
        using var under = new RepositoryUnderTest(handler);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.RepositoryUnreachable, thrown.Code);
        Assert.Equal(1, handler.Count);
    }

    [Fact]
    public async Task DownloadAsync_CancelledWhilePausing_OperationCanceled()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => Busy("20")));
        using var cancellation = new CancellationTokenSource();

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), cancellation.Token);
        await cancellation.CancelAsync();

        OperationCanceledException thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
        Assert.Equal(cancellation.Token, thrown.CancellationToken);
    }

    [Fact]
    public async Task DownloadAsync_DisposedWhilePausing_ObjectDisposed()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => Busy("20")));

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        under.Client.Dispose();
        under.Client.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => download);
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken));
    }

    private static HttpResponseMessage Busy(string retryAfter)
    {
        HttpResponseMessage response = StubHandler.Status(HttpStatusCode.ServiceUnavailable);
        if (int.TryParse(retryAfter, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds))
        {
            response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
        }
        else
        {
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        }

        return response;
    }
}
