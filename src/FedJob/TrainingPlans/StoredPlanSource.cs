using System.Security.Cryptography;
using FedJob.Protocol.Storage;

namespace FedJob.TrainingPlans;

/// <summary>A plan as it was stored: its bytes go to nodes as they are, and nothing of it is run here.</summary>
internal sealed class StoredPlanSource(ReadOnlyMemory<byte> bytes, string extension, string className) : TrainingPlanSource
{
    internal override Task<PreparedPlan> PrepareAsync(CancellationToken cancellationToken)
    {
        var digest = new FileDigest(DigestAlgorithm.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes.Span)));
        return Task.FromResult(new PreparedPlan(bytes, extension, digest, className, instance: null));
    }
}
