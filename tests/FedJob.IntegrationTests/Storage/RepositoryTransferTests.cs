using FedJob.Abstractions;
using FedJob.Protocol.Storage;
using FedJob.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Storage;

/// <summary>The client and the local repository over real sockets.</summary>
public sealed class RepositoryTransferTests
{
    private const int Mebibyte = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, true)]
    [InlineData(Mebibyte, true)]
    [InlineData((5 * Mebibyte) + 3, false)]
    [InlineData(64 * Mebibyte, true)]
    public async Task UploadThenDownload_File_ComesBackBitByBit(int length, bool closeAfterResponse)
    {
        await using LocalRepository repository = await LocalRepository.StartAsync(
            new LocalRepositoryOptions { CloseAfterResponse = closeAfterResponse }, Token);
        using var scratch = new ScratchDirectory();
        using Repository client = Client(repository);
        string path = scratch.WriteNoise("sent", length);
        FileDigest sha = await FileDigest.ComputeAsync(path, DigestAlgorithm.Sha256, Token);

        UploadedFile uploaded = await client.UploadAsync(path, "parameters.mpk", Token);
        DownloadedFile downloaded = await client.DownloadAsync(
            new DownloadRequest { Url = uploaded.Url, DestinationPath = scratch.PathOf("got"), ExpectedDigest = uploaded.Digest }, Token);

        Assert.Equal(length, uploaded.Length);
        Assert.Equal(new DownloadedFile(scratch.PathOf("got"), length, uploaded.Digest), downloaded);
        Assert.Equal(sha, await FileDigest.ComputeAsync(downloaded.Path, DigestAlgorithm.Sha256, Token));
        Assert.Equal(["got", "sent"], scratch.Files);
    }

    [Fact]
    public async Task Transfers_ManyAtOnce_AllComeBack()
    {
        await using LocalRepository repository = await LocalRepository.StartAsync(new LocalRepositoryOptions(), Token);
        using var scratch = new ScratchDirectory();
        using Repository client = Client(repository);
        string[] paths = [.. Enumerable.Range(1, 32).Select(i => scratch.WriteNoise($"sent{i}", i * 10_000))];

        await Task.WhenAll(paths.Select(async path =>
        {
            UploadedFile uploaded = await client.UploadAsync(path, "same_name.mpk", Token);
            DownloadedFile downloaded = await client.DownloadAsync(
                new DownloadRequest { Url = uploaded.Url, DestinationPath = path + ".got", ExpectedDigest = uploaded.Digest }, Token);
            Assert.Equal(new FileInfo(path).Length, downloaded.Length);
        }));

        Assert.Equal(32, repository.UploadCount);
        Assert.Equal(32, repository.DownloadCount);
    }

    [Fact]
    public async Task Download_FileNotThere_RefusedWithStatusAndLocation()
    {
        await using LocalRepository repository = await LocalRepository.StartAsync(new LocalRepositoryOptions(), Token);
        using var scratch = new ScratchDirectory();
        using Repository client = Client(repository);
        var url = new Uri(repository.Address, "media/uploads/none.mpk");

        RepositoryException thrown = await Assert.ThrowsAsync<RepositoryException>(
            () => client.DownloadAsync(new DownloadRequest { Url = url, DestinationPath = scratch.PathOf("got") }, Token));

        Assert.Equal(FedJobErrorCode.RepositoryRefused, thrown.Code);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, thrown.Status);
        Assert.Equal(url, thrown.Location);
        Assert.Empty(scratch.Files);
    }

    [Fact]
    [Trait("fault", "8")]
    public async Task Transfers_RepositoryDown_UnreachableAfterBoundedAttempts()
    {
        LocalRepository repository = await LocalRepository.StartAsync(new LocalRepositoryOptions(), Token);
        await repository.DisposeAsync();
        using var scratch = new ScratchDirectory();
        using Repository client = Client(repository, o => o.RetryDelay = TimeSpan.FromMilliseconds(1));
        string path = scratch.Write("sent", [1]);

        RepositoryException upload = await Assert.ThrowsAsync<RepositoryException>(() => client.UploadAsync(path, "a", Token));
        RepositoryException download = await Assert.ThrowsAsync<RepositoryException>(() => client.DownloadAsync(
            new DownloadRequest { Url = repository.Address, DestinationPath = scratch.PathOf("got") }, Token));

        Assert.All([upload, download], thrown => Assert.Equal(FedJobErrorCode.RepositoryUnreachable, thrown.Code));
        Assert.Contains("4 attempts", upload.Message);
        Assert.Equal(["sent"], scratch.Files);
    }

    [Fact]
    [Trait("fault", "11")]
    public async Task Download_UnwritableDirectory_LocalFileFailed()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "needs a directory that nobody can write to: /proc");
        await using LocalRepository repository = await LocalRepository.StartAsync(new LocalRepositoryOptions(), Token);
        using var scratch = new ScratchDirectory();
        using Repository client = Client(repository);
        UploadedFile uploaded = await client.UploadAsync(scratch.Write("sent", [1]), "a", Token);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => client.DownloadAsync(new DownloadRequest { Url = uploaded.Url, DestinationPath = "/proc/self/got" }, Token));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
    }

    [Fact]
    [Trait("fault", "11")]
    public async Task Download_DiskFull_LocalFileFailedAndNothingLeft()
    {
        using SmallDisk? disk = await SmallDisk.TryMountAsync(Token);
        Assert.SkipUnless(disk is not null, "needs the right to mount a tmpfs of 1 MiB");
        await using LocalRepository repository = await LocalRepository.StartAsync(new LocalRepositoryOptions(), Token);
        using var scratch = new ScratchDirectory();
        using Repository client = Client(repository);
        UploadedFile uploaded = await client.UploadAsync(scratch.WriteNoise("sent", 3 * Mebibyte), "a", Token);
        string destination = Path.Combine(disk!.Root, "got");
        await File.WriteAllTextAsync(destination, "earlier", Token);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => client.DownloadAsync(new DownloadRequest { Url = uploaded.Url, DestinationPath = destination }, Token));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
        Assert.Equal([destination], Directory.GetFileSystemEntries(disk.Root));
        Assert.Equal("earlier", await File.ReadAllTextAsync(destination, Token));
    }

    private static Repository Client(LocalRepository repository, Action<RepositoryOptions>? configure = null)
    {
        var options = new RepositoryOptions { Address = repository.Address };
        configure?.Invoke(options);
        return new Repository(options, NullLogger<Repository>.Instance, TimeProvider.System);
    }
}
