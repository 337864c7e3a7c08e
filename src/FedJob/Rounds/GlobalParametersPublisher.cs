using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using Microsoft.Win32.SafeHandles;

namespace FedJob.Rounds;

/// <summary>Writes global parameters into the job's directory and uploads them.</summary>
internal sealed class GlobalParametersPublisher(JobUploads uploads, string researcherId, string directory)
{
    /// <summary>Writes the file; nothing is uploaded yet.</summary>
    public Task<WrittenFile> WriteAsync(ModelParameters parameters, CancellationToken cancellationToken) =>
        AggregatedParametersFile.WriteAsync(NewPath(), researcherId, parameters, cancellationToken);

    /// <summary>Begins a file that is filled block by block, for tensors like these.</summary>
    public AggregatedParametersDraft Begin(ModelParameters like) => AggregatedParametersDraft.Create(NewPath(), researcherId, like);

    /// <summary>
    /// Uploads a written file, and meanwhile has the disk take it: the commit, which needs it there, then finds it done. A file that cannot be uploaded is removed.
    /// </summary>
    public async Task<GlobalParameters> UploadAsync(WrittenFile file, CancellationToken cancellationToken)
    {
        Task flushing = Task.Run(() => Flush(file.Path), CancellationToken.None);
        try
        {
            return new(file.Path, await uploads.UploadAsync(file, cancellationToken).ConfigureAwait(false), file.Digest);
        }
        finally
        {
            await flushing.ConfigureAwait(false);
        }
    }

    private static void Flush(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(file);
    }

    private string NewPath() => Path.Combine(directory, $"aggregated_params_{Guid.NewGuid():D}.mpk");
}
