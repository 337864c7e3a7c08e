namespace FedJob.IntegrationTests.Storage;

/// <summary>A directory of a test's own, gone when disposed.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fedjob-test-");

    public string Root => _directory.FullName;

    public string[] Files => [.. Directory.GetFileSystemEntries(Root).Select(Path.GetFileName).Order()!];

    public string PathOf(string name) => Path.Combine(Root, name);

    public string Write(string name, byte[] content)
    {
        string path = PathOf(name);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Writes a file of repeatable noise.</summary>
    public string WriteNoise(string name, int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return Write(name, bytes);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
