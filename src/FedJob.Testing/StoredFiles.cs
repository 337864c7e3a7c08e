using System.Collections.Concurrent;
using System.Globalization;

namespace FedJob.Testing;

/// <summary>One file that the repository holds.</summary>
/// <param name="Id">Its id in the list of uploads.</param>
/// <param name="Path">Its path under <c>/media/</c>, unescaped.</param>
/// <param name="Location">Where its bytes are on this machine.</param>
/// <param name="CreatedAt">When it was taken.</param>
internal sealed record StoredFile(Guid Id, string Path, string Location, DateTimeOffset CreatedAt);

/// <summary>The files of a local repository, on disk under a private directory.</summary>
internal sealed class StoredFiles
{
    private readonly ConcurrentDictionary<string, StoredFile> _byPath = new(StringComparer.Ordinal);
    private readonly Lock _naming = new();
    private readonly TimeProvider _timeProvider;
    private readonly Random _random;
    private int _uploads;
    private int _downloads;

    private StoredFiles(string directory, TimeProvider timeProvider, Random random)
    {
        Directory = directory;
        _timeProvider = timeProvider;
        _random = random;
    }

    public string Directory { get; }

    public int UploadCount => Volatile.Read(ref _uploads);

    public int DownloadCount => Volatile.Read(ref _downloads);

    public static StoredFiles Create(TimeProvider timeProvider, Random random) =>
        new(System.IO.Directory.CreateTempSubdirectory("fedjob-repository-").FullName, timeProvider, random);

    /// <summary>A place for the bytes of an upload under way.</summary>
    public string NewIncoming() => Path.Combine(Directory, $"{Guid.NewGuid():N}.incoming");

    /// <summary>Takes received bytes in under a name of the repository's own making.</summary>
    /// <returns>The stored file; <see langword="null"/> when no name can be made of the wanted one.</returns>
    public StoredFile? Keep(string incoming, string wantedName)
    {
        DateTimeOffset now = _timeProvider.GetUtcNow();
        string folder = now.ToString("'uploads'/yyyy/MM/dd/", CultureInfo.InvariantCulture);
        StoredFile file;
        lock (_naming)
        {
            string? path = StoredName.Choose(folder, wantedName, _byPath.ContainsKey, _random);
            if (path is null)
            {
                return null;
            }

            file = new StoredFile(Guid.NewGuid(), path, Path.Combine(Directory, path), now);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(file.Location)!);
            File.Move(incoming, file.Location);
            _byPath[path] = file;
        }

        Interlocked.Increment(ref _uploads);
        return file;
    }

    /// <summary>The file at a path under <c>/media/</c>, if there is one.</summary>
    public StoredFile? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>All files, newest first.</summary>
    public IReadOnlyList<StoredFile> All() => [.. _byPath.Values.OrderByDescending(file => file.CreatedAt)];

    public void CountDownload() => Interlocked.Increment(ref _downloads);

    /// <summary>Removes the directory.</summary>
    public void Remove() => System.IO.Directory.Delete(Directory, recursive: true);
}
