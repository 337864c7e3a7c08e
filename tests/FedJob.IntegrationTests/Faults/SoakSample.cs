namespace FedJob.IntegrationTests.Faults;

/// <summary>What the process and the job's directory hold at one moment.</summary>
internal sealed record SoakSample(long Memory, int Handles, int Files, int Directories)
{
    public static SoakSample Take(string directory) => new(
        GC.GetTotalMemory(forceFullCollection: true),
        Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0,
        Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Length,
        Directory.GetDirectories(directory, "*", SearchOption.AllDirectories).Length);
}
