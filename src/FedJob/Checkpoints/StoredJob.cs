using FedJob.Protocol.Parameters;

namespace FedJob.Checkpoints;

/// <summary>The state of a job as it was read; values in it may be views of files until it is disposed.</summary>
internal sealed class StoredJob(JobState state, params ParameterFile?[] open) : IDisposable
{
    public JobState State => state;

    public void Dispose()
    {
        foreach (ParameterFile? file in open)
        {
            file?.Dispose();
        }
    }
}
