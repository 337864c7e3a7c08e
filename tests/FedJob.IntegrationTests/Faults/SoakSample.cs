namespace FedJob.IntegrationTests.Faults;

/// <summary>What the process and the job's directory hold at one moment; without the global parameters of each round, which a job keeps.</summary>
internal sealed record SoakSample(long Memory, int Handles, int Files, int Directories)
{
    public static SoakSample Take(string directory) => new(
        GC.GetTotalMemory(forceFullCollection: true),
        Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0,
        Directory.GetFiles(directory, "*", SearchOption.AllDirectories)
            .Count(f => !Path.GetFileName(f).StartsWith("aggregated_params_", StringComparison.Ordinal)),
        Directory.GetDirectories(directory, "*", SearchOption.AllDirectories).Length);
}
