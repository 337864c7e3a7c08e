using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Rounds;

/// <summary>Writes global parameters into the job's directory and uploads them.</summary>
internal sealed class GlobalParametersPublisher(JobUploads uploads, string researcherId, string directory)
{
    /// <summary>Writes the file; nothing is uploaded yet.</summary>
    public Task<WrittenFile> WriteAsync(ModelParameters parameters, CancellationToken cancellationToken) =>
        AggregatedParametersFile.WriteAsync(NewPath(), researcherId, parameters, cancellationToken);

    /// <summary>Begins a file that is filled block by block, for tensors like these.</summary>
    public AggregatedParametersDraft Begin(ModelParameters like) => AggregatedParametersDraft.Create(NewPath(), researcherId, like);

    /// <summary>Uploads a written file. A file that cannot be uploaded is removed.</summary>
    public async Task<GlobalParameters> UploadAsync(WrittenFile file, CancellationToken cancellationToken) =>
        new(file.Path, await uploads.UploadAsync(file, cancellationToken).ConfigureAwait(false), file.Digest);

    private string NewPath() => Path.Combine(directory, $"aggregated_params_{Guid.NewGuid():D}.mpk");
}
