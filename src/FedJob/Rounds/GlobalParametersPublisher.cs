using System.Collections.Concurrent;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>Writes global parameters into the job's directory and uploads them; the same bytes are uploaded once a job.</summary>
internal sealed class GlobalParametersPublisher(IRepository repository, string researcherId, string directory)
{
    private readonly ConcurrentDictionary<FileDigest, Uri> _uploaded = new();

    /// <summary>Writes the file; nothing is uploaded yet.</summary>
    public Task<WrittenFile> WriteAsync(ModelParameters parameters, CancellationToken cancellationToken) =>
        AggregatedParametersFile.WriteAsync(
            Path.Combine(directory, $"aggregated_params_{Guid.NewGuid():D}.mpk"), researcherId, parameters, cancellationToken);

    /// <summary>Uploads a written file, unless a file with the same digest was uploaded before. A file that cannot be uploaded is removed.</summary>
    public async Task<GlobalParameters> UploadAsync(WrittenFile file, CancellationToken cancellationToken)
    {
        if (!_uploaded.TryGetValue(file.Digest, out Uri? url))
        {
            try
            {
                UploadedFile uploaded = await repository.UploadAsync(file.Path, Path.GetFileName(file.Path), cancellationToken).ConfigureAwait(false);
                url = _uploaded.GetOrAdd(file.Digest, uploaded.Url);
            }
            catch
            {
                File.Delete(file.Path);
                throw;
            }
        }

        return new GlobalParameters(file.Path, url, file.Digest);
    }
}
