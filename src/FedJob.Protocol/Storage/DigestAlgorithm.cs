namespace FedJob.Protocol.Storage;

/// <summary>How a file is hashed.</summary>
public enum DigestAlgorithm
{
    /// <summary>XxHash128: fast, against accidents; <c>xxh128</c>.</summary>
    XxHash128,

    /// <summary>SHA-256: against intent too; <c>sha256</c>.</summary>
    Sha256,
}
