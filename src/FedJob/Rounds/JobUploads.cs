using System.Collections.Concurrent;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>A job's uploads: the same bytes are uploaded once, whatever they are for.</summary>
internal sealed class JobUploads(IRepository repository)
{
    private readonly ConcurrentDictionary<FileDigest, Uri> _uploaded = new();

    /// <summary>Notes what an earlier process of the job uploaded.</summary>
    public void Know(FileDigest digest, Uri url) => _uploaded.TryAdd(digest, url);

    /// <summary>Uploads a written file, unless a file with the same digest was uploaded before. A file that cannot be uploaded is removed.</summary>
    public async Task<Uri> UploadAsync(WrittenFile file, CancellationToken cancellationToken)
    {
        if (_uploaded.TryGetValue(file.Digest, out Uri? known))
        {
            return known;
        }

        try
        {
            UploadedFile uploaded = await repository.UploadAsync(file.Path, Path.GetFileName(file.Path), cancellationToken).ConfigureAwait(false);
            return _uploaded.GetOrAdd(file.Digest, uploaded.Url);
        }
        catch
        {
            File.Delete(file.Path);
            throw;
        }
    }
}
