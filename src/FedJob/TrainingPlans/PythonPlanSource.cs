using System.Security.Cryptography;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.TrainingPlans;

/// <summary>A Python module, sent as it is.</summary>
internal sealed class PythonPlanSource(string modulePath, string className, ModelParameters initialParameters) : TrainingPlanSource
{
    private const int MaximumModuleBytes = 16 * 1024 * 1024;

    internal override async Task<PreparedPlan> PrepareAsync(CancellationToken cancellationToken)
    {
        byte[] bytes = await ReadAsync(cancellationToken).ConfigureAwait(false);
        var digest = new FileDigest(DigestAlgorithm.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return new PreparedPlan(bytes, ".py", digest, className, instance: null) { InitialParameters = initialParameters };
    }

    private async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileInfo(modulePath);
            if (file is { Exists: true, Length: 0 or > MaximumModuleBytes })
            {
                throw Unreadable(FedJobErrorCode.TrainingPlanAssemblyInvalid, $"it has {file.Length} bytes; expected 1 to {MaximumModuleBytes}", null);
            }

            return await File.ReadAllBytesAsync(modulePath, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(FedJobErrorCode.TrainingPlanNotFound, failure.Message, failure);
        }
    }

    private TrainingPlanException Unreadable(FedJobErrorCode code, string why, Exception? cause) =>
        new(code, $"The Python training plan '{modulePath}' cannot be read: {why}", cause) { TypeName = className };
}
