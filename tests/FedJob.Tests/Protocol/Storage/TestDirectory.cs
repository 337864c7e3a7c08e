namespace FedJob.Tests.Protocol.Storage;

/// <summary>A directory of a test's own, gone when disposed.</summary>
internal sealed class TestDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fedjob-test-");

    public string[] Files => Directory.GetFileSystemEntries(_directory.FullName);

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    public string Write(string name, byte[] content)
    {
        string path = PathOf(name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
