using FedJob.Abstractions;
using FedJob.Protocol.Storage;

namespace FedJob.TrainingPlans;

/// <summary>A plan ready to be sent: the bytes nodes download, their digest, the class to run, and the researcher's own instance where it can have one.</summary>
internal sealed class PreparedPlan(
    ReadOnlyMemory<byte> bytes, string fileExtension, FileDigest digest, string className, ITrainingPlan? instance) : IAsyncDisposable
{
    public ReadOnlyMemory<byte> Bytes => bytes;

    public string FileExtension => fileExtension;

    /// <summary>The SHA-256 that a node's owner approves.</summary>
    public FileDigest Digest => digest;

    public string ClassName => className;

    /// <summary>The researcher's own instance; <see langword="null"/> for a plan that only nodes can run, and after disposal.</summary>
    public ITrainingPlan? Instance { get; private set; } = instance;

    /// <summary>The parameters to start from, where no instance can make them.</summary>
    public ModelParameters? InitialParameters { get; init; }

    /// <summary>Whether the instance is the caller's, who disposes it.</summary>
    public bool IsCallersInstance { get; init; }

    /// <summary>What holds the instance's assembly, where it was loaded for this plan.</summary>
    public IDisposable? Assembly { get; init; }

    /// <summary>Lets the instance go, disposes it unless it is the caller's, and unloads its assembly.</summary>
    public async ValueTask DisposeAsync()
    {
        ITrainingPlan? plan = Instance;
        Instance = null;
        try
        {
            if (!IsCallersInstance)
            {
                await DisposeAsync(plan).ConfigureAwait(false);
            }
        }
        finally
        {
            Assembly?.Dispose();
        }
    }

    private static async ValueTask DisposeAsync(ITrainingPlan? plan)
    {
        switch (plan)
        {
            case IAsyncDisposable asynchronous:
                await asynchronous.DisposeAsync().ConfigureAwait(false);
                break;
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }
    }
}
