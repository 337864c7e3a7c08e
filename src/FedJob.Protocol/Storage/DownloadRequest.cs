namespace FedJob.Protocol.Storage;

/// <summary>One download.</summary>
public sealed record DownloadRequest
{
    /// <summary>Where the file is: a URL of the repository's own origin, without credentials.</summary>
    public required Uri Url { get; init; }

    /// <summary>Where it goes: a path of the caller's choosing, never one a server named. An existing file is replaced.</summary>
    public required string DestinationPath { get; init; }

    /// <summary>
    /// A file that is not needed any more, on the same volume as the destination: when the repository answers, the download takes over its room and overwrites
    /// it, which is faster than making a new file. From then on it is gone, whatever comes of the download. Default: none.
    /// </summary>
    public string? SparePath { get; init; }

    /// <summary>What the bytes must hash to. Default: not known.</summary>
    public FileDigest? ExpectedDigest { get; init; }

    /// <summary>The most bytes accepted, where less than the repository's own limit is. Default: the repository's own limit.</summary>
    public long? MaximumBytes { get; init; }

    /// <summary>
    /// How long this download may stand still, above 0, at most a day; it has no other limit. Default: <see
    /// cref="RepositoryOptions.IdleTimeout"/>.
    /// </summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Told the number of bytes so far, about once a mebibyte. Default: nobody.</summary>
    public IProgress<long>? Progress { get; init; }
}
