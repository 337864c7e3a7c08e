using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Tests.Protocol.Storage;

/// <summary>Downloads that take over the room of a file that is not needed any more.</summary>
public sealed class SpareFileTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    [InlineData(5000)]
    public async Task DownloadAsync_SpareFile_IsOverwrittenWhateverItsLength(int spareLength)
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(Content)));
        string spare = under.Directory.Write("spare.mpk", [.. Enumerable.Repeat((byte)0xEE, spareLength)]);

        DownloadedFile file = await under.Client.DownloadAsync(under.Download() with { SparePath = spare }, TestContext.Current.CancellationToken);

        Assert.Equal(new DownloadedFile(under.Destination, Content.Length, FileDigest.Compute(Content, DigestAlgorithm.XxHash128)), file);
        Assert.Equal(Content, await File.ReadAllBytesAsync(under.Destination, TestContext.Current.CancellationToken));
        Assert.Equal([under.Destination], under.Directory.Files);
    }

    [Fact]
    public async Task DownloadAsync_SpareFileThatIsNotThere_FileIsMade()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(Content)));

        await under.Client.DownloadAsync(under.Download() with { SparePath = under.Directory.PathOf("none.mpk") }, TestContext.Current.CancellationToken);

        Assert.Equal(Content, await File.ReadAllBytesAsync(under.Destination, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task DownloadAsync_SpareFileAndDigestThatIsWrong_NothingIsLeft()
    {
        using var under = new RepositoryUnderTest(new StubHandler(() => StubHandler.File(Content)));
        string spare = under.Directory.Write("spare.mpk", [1, 2, 3]);
        DownloadRequest request = under.Download() with { SparePath = spare, ExpectedDigest = FileDigest.Compute([0], DigestAlgorithm.XxHash128) };

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(() => under.Client.DownloadAsync(request, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.DigestMismatch, thrown.Code);
        Assert.Empty(under.Directory.Files);
    }
}
