namespace FedJob.Benchmarks.Micro;

/// <summary>A directory for the files of one benchmark, removed with them.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fedjob_micro_");

    public string At(string name) => Path.Combine(_directory.FullName, name);

    public void Dispose() => _directory.Delete(recursive: true);
}
