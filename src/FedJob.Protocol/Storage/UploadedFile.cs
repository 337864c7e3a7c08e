namespace FedJob.Protocol.Storage;

/// <summary>A file that the repository took.</summary>
/// <param name="Url">Where anyone can download it.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Digest">Its XxHash128 digest.</param>
public sealed record UploadedFile(Uri Url, long Length, FileDigest Digest);
