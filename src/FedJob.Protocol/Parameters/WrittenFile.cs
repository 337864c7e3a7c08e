using FedJob.Protocol.Storage;

namespace FedJob.Protocol.Parameters;

/// <summary>A parameter file that was written whole.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Digest">Its XxHash128 digest, computed on the way.</param>
public sealed record WrittenFile(string Path, long Length, FileDigest Digest);
