using System.Globalization;

namespace FedJob.IntegrationTests.Faults;

/// <summary>
/// How much memory a process gets, in bytes: for the runtime's heap, and for all its private writable memory, which the Linux kernel refuses beyond
/// (RLIMIT_DATA). Mapped files that are only read are not counted: the system drops their pages whenever it needs them.
/// </summary>
internal sealed record MemoryCap(long HeapBytes, long DataBytes)
{
    /// <summary>What sets the limit and then becomes the process.</summary>
    public const string Shell = "/bin/sh";

    /// <summary>What comes before the program and its arguments.</summary>
    public IEnumerable<string> Before => ["-c", $"ulimit -d {(DataBytes / 1024).ToString(CultureInfo.InvariantCulture)} && exec \"$@\"", "sh"];

    /// <summary>For DOTNET_GCHeapHardLimit, which is hexadecimal.</summary>
    public string Heap => HeapBytes.ToString("X", CultureInfo.InvariantCulture);
}
