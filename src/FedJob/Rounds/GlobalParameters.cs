using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>The global parameters as a file here and in the repository.</summary>
/// <param name="Path">The file, in the job's directory.</param>
/// <param name="Url">Where nodes download it.</param>
/// <param name="Digest">What it hashes to.</param>
internal sealed record GlobalParameters(string Path, Uri Url, FileDigest Digest);
