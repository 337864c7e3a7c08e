using System.Numerics;

namespace FedJob.Aggregation;

/// <summary>What one node contributes to a round with secure aggregation, as it came: nobody but the sum of all can be decrypted.</summary>
public sealed record EncryptedUpdate
{
    /// <summary>The node.</summary>
    public required string NodeId { get; init; }

    /// <summary>The samples it trained on, at least 1.</summary>
    public required long SampleCount { get; init; }

    /// <summary>The flattened parameters as ciphertexts; <c>model_weights</c>.</summary>
    public required IReadOnlyList<BigInteger> Parameters { get; init; }

    /// <summary>The request's random number as ciphertexts, by which a decryption is checked; <c>encryption_factor</c>.</summary>
    public required IReadOnlyList<BigInteger> EncryptionFactor { get; init; }
}
