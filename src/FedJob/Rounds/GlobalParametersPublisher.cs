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
        Task<Uri> uploading = uploads.UploadAsync(file, cancellationToken);
        await Task.WhenAll(uploading, FlushAsync(file.Path)).ConfigureAwait(false);
        return new(file.Path, await uploading.ConfigureAwait(false), file.Digest);
    }

    private static async Task FlushAsync(string path)
    {
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            await Task.Run(() => RandomAccess.FlushToDisk(handle), CancellationToken.None).ConfigureAwait(false);
        }
        catch (FileNotFoundException)
        {
            // An upload that failed removes its file, and tells.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed, $"The disk did not take the new parameters '{path}': {failure.Message} Make room or mend it, then run the round again.", failure);
        }
    }

    private string NewPath() => Path.Combine(directory, $"aggregated_params_{Guid.NewGuid():D}.mpk");
}
