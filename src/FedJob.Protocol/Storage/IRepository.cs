namespace FedJob.Protocol.Storage;

/// <summary>The HTTP file repository that researcher and nodes share: heavy things travel through it, messages carry their URLs.</summary>
public interface IRepository
{
    /// <summary>Where the repository is.</summary>
    Uri Address { get; }

    /// <summary>Uploads a file, streaming, with its length announced.</summary>
    /// <param name="path">The file on this machine.</param>
    /// <param name="fileName">The bare name to upload it under (at most 100 characters); the repository may store it under another.</param>
    /// <param name="cancellationToken">Ends the upload; the repository keeps nothing of it.</param>
    /// <returns>The URL nodes download it from, its length and its digest.</returns>
    /// <exception cref="RepositoryException">
    /// The repository could not be reached or refused, after the allowed number of attempts.
    /// </exception>
    /// <exception cref="FedJob.Abstractions.FedJobException">The file is empty, cannot be read, or changed while it was sent.</exception>
    Task<UploadedFile> UploadAsync(string path, string fileName, CancellationToken cancellationToken);

    /// <summary>
    /// Downloads a file, streaming, to a temporary file beside the destination, checks it, and renames it; a partial file never has the
    /// final name.
    /// </summary>
    /// <param name="request">What to download, where to, and what is known of it.</param>
    /// <param name="cancellationToken">Ends the download and removes the temporary file.</param>
    /// <returns>Path, length and digest of the file.</returns>
    /// <exception cref="RepositoryException">
    /// The URL is not the repository's own, the repository refused, the file is too large, or its digest differs.
    /// </exception>
    /// <exception cref="FedJob.Abstractions.FedJobException">The destination cannot be written, or the progress callback threw.</exception>
    Task<DownloadedFile> DownloadAsync(DownloadRequest request, CancellationToken cancellationToken);
}
