namespace FedJob.Protocol.Storage;

/// <summary>A file that was downloaded whole.</summary>
/// <param name="Path">Where it is on this machine.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Digest">Its digest: of the expected digest's algorithm, XxHash128 where none was expected.</param>
public sealed record DownloadedFile(string Path, long Length, FileDigest Digest);
