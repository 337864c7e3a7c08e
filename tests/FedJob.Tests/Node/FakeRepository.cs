using System.Collections.Concurrent;
using System.Security.Cryptography;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.Tests.Node;

/// <summary>A file repository in memory; it refuses foreign URLs, large files and wrong SHA-256 digests as the real client does.</summary>
internal sealed class FakeRepository : IRepository
{
    private readonly ConcurrentDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private int _count;

    public Uri Address { get; } = new("http://repository.test/");

    public ConcurrentQueue<Uri> Downloads { get; } = new();

    /// <summary>Called before a download.</summary>
    public Func<DownloadRequest, CancellationToken, Task> BeforeDownload { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>The files whose room downloads were told to take over.</summary>
    public ConcurrentQueue<string> Spares { get; } = new();

    public ConcurrentQueue<string> UploadNames { get; } = new();

    public Exception? UploadFailure { get; set; }

    public Uri Add(byte[] bytes)
    {
        string url = $"{Address}files/{Interlocked.Increment(ref _count)}";
        _files[url] = bytes;
        return new Uri(url);
    }

    public void Replace(Uri url, byte[] bytes) => _files[url.AbsoluteUri] = bytes;

    public byte[] Get(string url) => _files[url];

    public async Task<UploadedFile> UploadAsync(string path, string fileName, CancellationToken cancellationToken)
    {
        UploadNames.Enqueue(fileName);
        if (UploadFailure is { } failure)
        {
            throw failure;
        }

        byte[] bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        return new UploadedFile(Add(bytes), bytes.Length, new FileDigest(DigestAlgorithm.XxHash128, new string('0', 32)));
    }

    public async Task<DownloadedFile> DownloadAsync(DownloadRequest request, CancellationToken cancellationToken)
    {
        Downloads.Enqueue(request.Url);
        await BeforeDownload(request, cancellationToken);
        if (request.Url.Authority != Address.Authority)
        {
            throw new RepositoryException(FedJobErrorCode.UrlNotAllowed, $"{request.Url} is not of the repository.");
        }

        if (!_files.TryGetValue(request.Url.AbsoluteUri, out byte[]? bytes))
        {
            throw new RepositoryException(FedJobErrorCode.RepositoryRefused, $"{request.Url} answered 404.");
        }

        if (bytes.Length > request.MaximumBytes)
        {
            throw new RepositoryException(FedJobErrorCode.FileTooLarge, $"{request.Url} is too large.");
        }

        var digest = new FileDigest(DigestAlgorithm.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        if (request.ExpectedDigest is { Algorithm: DigestAlgorithm.Sha256 } expected && expected != digest)
        {
            throw new RepositoryException(FedJobErrorCode.DigestMismatch, $"{request.Url} has another digest.");
        }

        if (request.SparePath is { } spare)
        {
            Spares.Enqueue(spare);
            File.Delete(spare);
        }

        // As the real client: the whole file or none.
        cancellationToken.ThrowIfCancellationRequested();
        await File.WriteAllBytesAsync(request.DestinationPath, bytes, CancellationToken.None);
        return new DownloadedFile(request.DestinationPath, bytes.Length, digest);
    }
}
