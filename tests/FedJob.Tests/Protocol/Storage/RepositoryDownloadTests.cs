using System.Net;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Tests.Protocol.Storage;

public sealed class RepositoryDownloadTests
{
    private const int Mebibyte = 1024 * 1024;

    private static readonly byte[] Content = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Mebibyte)]
    [InlineData((3 * Mebibyte) + 17)]
    public async Task DownloadAsync_File_HasPathLengthDigestAndNothingElseIsLeft(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(bytes)));

        DownloadedFile file = await under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);

        Assert.Equal(new DownloadedFile(under.Destination, length, FileDigest.Compute(bytes, DigestAlgorithm.XxHash128)), file);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file.Path, TestContext.Current.CancellationToken));
        Assert.Equal([under.Destination], under.Directory.Files);
    }

    [Fact]
    public async Task DownloadAsync_ExistingFile_Replaced()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(Content)));
        under.Directory.Write("got.mpk", [9, 9]);

        await under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);

        Assert.Equal(Content, await File.ReadAllBytesAsync(under.Destination, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.XxHash128)]
    [Trait("seed", "30")]
    public async Task DownloadAsync_ExpectedDigest_Checked(DigestAlgorithm algorithm)
    {
        FileDigest right = FileDigest.Compute(Content, algorithm);
        FileDigest wrong = FileDigest.Compute([0], algorithm);
        var handler = new StubHandler(() => StubHandler.File(Content));
        using var under = new RepositoryUnderTest(handler);
        under.Directory.Write("got.mpk", [9]);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.Client.DownloadAsync(
            under.Download() with { ExpectedDigest = wrong }, TestContext.Current.CancellationToken));
        Assert.Equal([9], await File.ReadAllBytesAsync(under.Destination, TestContext.Current.CancellationToken));
        DownloadedFile file = await under.Client.DownloadAsync(
            under.Download() with { ExpectedDigest = right }, TestContext.Current.CancellationToken);

        Assert.Equal(FedJobErrorCode.DigestMismatch, thrown.Code);
        Assert.Contains(wrong.ToString(), thrown.Message);
        Assert.Contains(right.ToString(), thrown.Message);
        Assert.Equal(right, file.Digest);
        Assert.Equal(2, handler.Count);
        Assert.Equal([under.Destination], under.Directory.Files);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("input", "9")]
    [Trait("seed", "30")]
    public async Task DownloadAsync_MoreThanTheLimit_RefusedWithoutLeavingAFile(bool announced)
    {
        using var under = new RepositoryUnderTest(
            new StubHandler(() => new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new LooseContent(Content, announced ? 1000 : null),
            }),
            o => o.MaximumFileBytes = 5000);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.Client.DownloadAsync(
            under.Download() with { MaximumBytes = 999 }, TestContext.Current.CancellationToken));
        DownloadedFile file = await under.Client.DownloadAsync(
            under.Download() with { MaximumBytes = 1000 }, TestContext.Current.CancellationToken);

        Assert.Equal(FedJobErrorCode.FileTooLarge, thrown.Code);
        Assert.Contains("999", thrown.Message);
        Assert.Equal(1000, file.Length);
        Assert.Equal([under.Destination], under.Directory.Files);
    }

    [Fact]
    [Trait("input", "9")]
    public async Task DownloadAsync_RequestAllowsMoreThanTheRepository_RepositoryLimitHolds()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(Content)), o => o.MaximumFileBytes = 10);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.Client.DownloadAsync(
            under.Download() with { MaximumBytes = 2000 }, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.FileTooLarge, thrown.Code);
    }

    [Theory]
    [InlineData(999)]
    [InlineData(1001)]
    [Trait("input", "9")]
    public async Task DownloadAsync_AnnouncedLengthIsALie_InterruptedAndTriedAgain(int announced)
    {
        var handler = new StubHandler(
            () => new HttpResponseMessage(HttpStatusCode.OK) { Content = new LooseContent(Content, announced) },
            () => StubHandler.File([7]));
        using var under = new RepositoryUnderTest(handler);

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        await under.Clock.PassPauseAsync(TestContext.Current.CancellationToken);
        await download;

        // What the first attempt brought is not in the file.
        Assert.Equal([7], await File.ReadAllBytesAsync(under.Destination, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task DownloadAsync_Progress_ToldAboutOnceAMebibyte()
    {
        var progress = new Progress();
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(new byte[(2 * Mebibyte) + 5])));

        await under.Client.DownloadAsync(under.Download() with { Progress = progress }, TestContext.Current.CancellationToken);

        Assert.Equal([Mebibyte, 2 * Mebibyte, (2 * Mebibyte) + 5], progress.Values);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task DownloadAsync_ProgressThrows_ExtensionFailedWithTheOriginalInside()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(Content)));

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => under.Client.DownloadAsync(
            under.Download() with { Progress = new Progress { Fails = true } }, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.ExtensionFailed, thrown.Code);
        Assert.IsType<IOException>(thrown.InnerException);
        Assert.Empty(under.Directory.Files);
    }

    [Fact]
    [Trait("seed", "30")]
    public async Task DownloadAsync_NothingMovesForTheIdleTimeout_InterruptedAndNoFileLeft()
    {
        using var body = new StalledStream(Content, []);
        using var under = new RepositoryUnderTest(
            new StubHandler(() => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) }),
            o => o.MaximumAttempts = 1);

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        await body.Stalled.WaitAsync(TestContext.Current.CancellationToken);
        under.Clock.Advance(RepositoryUnderTest.Idle);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => download);
        Assert.Equal(FedJobErrorCode.TransferInterrupted, thrown.Code);
        Assert.Contains("77 s (RepositoryOptions.IdleTimeout)", thrown.Message);
        Assert.Equal(RepositoryUnderTest.Idle, thrown.Elapsed);
        Assert.Empty(under.Directory.Files);
    }

    [Fact]
    public async Task DownloadAsync_MovesNowAndThen_NoWallClock()
    {
        using var body = new StalledStream([1], [2]);
        using var under = new RepositoryUnderTest(
            new StubHandler(() => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) }));

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        await body.Stalled.WaitAsync(TestContext.Current.CancellationToken);
        under.Clock.Advance(RepositoryUnderTest.Idle - TimeSpan.FromSeconds(1));
        body.Resume();

        Assert.Equal(2, (await download).Length);
    }

    [Fact]
    public async Task DownloadAsync_NoResponseHeaders_IdleTimeoutToo()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var under = new RepositoryUnderTest(
            new StubHandler(async (_, cancellationToken) =>
            {
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
                throw new InvalidOperationException();
            }),
            o => o.MaximumAttempts = 1);

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken);
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        under.Clock.Advance(RepositoryUnderTest.Idle);

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => download);
        Assert.Equal(FedJobErrorCode.TransferInterrupted, thrown.Code);
    }

    [Fact]
    public async Task DownloadAsync_CancelledInTheMiddle_OperationCanceledAndNoFileLeft()
    {
        using var body = new StalledStream(Content, []);
        using var under = new RepositoryUnderTest(
            new StubHandler(() => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) }));
        using var cancellation = new CancellationTokenSource();

        Task<DownloadedFile> download = under.Client.DownloadAsync(under.Download(), cancellation.Token);
        await body.Stalled.WaitAsync(TestContext.Current.CancellationToken);
        await cancellation.CancelAsync();

        OperationCanceledException thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
        Assert.Equal(cancellation.Token, thrown.CancellationToken);
        Assert.Empty(under.Directory.Files);
    }

    [Fact]
    public async Task DownloadAsync_FolderMissing_LocalFileFailedNotRetried()
    {
        var handler = new StubHandler(() => StubHandler.File(Content));
        using var under = new RepositoryUnderTest(handler);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => under.Client.DownloadAsync(
            under.Download() with { DestinationPath = under.Directory.PathOf("none/got") }, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
        Assert.Equal(1, handler.Count);
    }

    [Fact]
    public async Task DownloadAsync_DestinationIsAFolder_LocalFileFailedAndNoFileLeft()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(Content)));
        Directory.CreateDirectory(under.Destination);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => under.Client.DownloadAsync(under.Download(), TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
        Assert.Equal([under.Destination], under.Directory.Files);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task DownloadAsync_Misuse_ArgumentErrorsBeforeAnyRequest()
    {
        var handler = new StubHandler(() => StubHandler.File(Content));
        using var under = new RepositoryUnderTest(handler);

        await Assert.ThrowsAsync<ArgumentNullException>(() => under.Client.DownloadAsync(null!, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentNullException>(() => under.Client.DownloadAsync(
            under.Download() with { Url = null! }, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => under.Client.DownloadAsync(
            under.Download() with { DestinationPath = string.Empty }, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => under.Client.DownloadAsync(
            under.Download() with { MaximumBytes = -1 }, TestContext.Current.CancellationToken));

        Assert.Equal(0, handler.Count);
    }

    private sealed class Progress : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public bool Fails { get; init; }

        public void Report(long value)
        {
            Values.Add(value);
            if (Fails)
            {
                throw new IOException("as a user's callback may");
            }
        }
    }

    /// <summary>A body whose announced length need not be true.</summary>
    private sealed class LooseContent : StreamContent
    {
        public LooseContent(byte[] bytes, long? announced)
            : base(new OnlyReadable(bytes)) => Headers.ContentLength = announced;
    }

    private sealed class OnlyReadable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
