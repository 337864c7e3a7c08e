using System.Globalization;

namespace CrashResearcher;

/// <summary>
/// Looks at the process's resident memory every five milliseconds: its own pages, and those of mapped files, which the system takes back when it needs them,
/// apart. On Linux; elsewhere all is zero.
/// </summary>
internal sealed class MemoryWatch : IDisposable
{
    private const string Status = "/proc/self/status";

    private readonly Timer _timer;

    public MemoryWatch() => _timer = new Timer(_ => Look(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(5));

    /// <summary>The most seen at once of the process's own pages, in bytes.</summary>
    public long PeakAnonymous { get; private set; }

    /// <summary>The most seen at once of pages of mapped files, in bytes.</summary>
    public long PeakMapped { get; private set; }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        foreach (string line in File.Exists(Status) ? File.ReadLines(Status) : [])
        {
            if (line.StartsWith("RssAnon:", StringComparison.Ordinal))
            {
                PeakAnonymous = Math.Max(PeakAnonymous, Bytes(line));
            }
            else if (line.StartsWith("RssFile:", StringComparison.Ordinal))
            {
                PeakMapped = Math.Max(PeakMapped, Bytes(line));
            }
        }
    }

    /// <summary>Of a line such as <c>RssAnon:  1234 kB</c>.</summary>
    private static long Bytes(string line) =>
        1024 * long.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim().TrimEnd("kB"), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
}
