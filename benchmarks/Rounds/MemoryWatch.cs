using System.Globalization;

namespace FedJob.Benchmarks.Rounds;

/// <summary>Looks at the process's resident memory every ten milliseconds: its own pages, and those of mapped files, apart. On Linux; elsewhere all is zero.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private const string Status = "/proc/self/status";

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    public MemoryWatch() => _watching = Task.Run(WatchAsync);

    /// <summary>The most seen at once of the process's own pages.</summary>
    public long PeakAnonymous { get; private set; }

    /// <summary>The most seen at once of pages of mapped files.</summary>
    public long PeakMapped { get; private set; }

    /// <summary>What is resident now.</summary>
    public static (long Anonymous, long Mapped) Read()
    {
        long anonymous = 0;
        long mapped = 0;
        foreach (string line in File.Exists(Status) ? File.ReadLines(Status) : [])
        {
            if (line.StartsWith("RssAnon:", StringComparison.Ordinal))
            {
                anonymous = Bytes(line);
            }
            else if (line.StartsWith("RssFile:", StringComparison.Ordinal))
            {
                mapped = Bytes(line);
            }
        }

        return (anonymous, mapped);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private static long Bytes(string line) =>
        1024 * long.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim().TrimEnd("kB"), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        try
        {
            do
            {
                (long anonymous, long mapped) = Read();
                PeakAnonymous = Math.Max(PeakAnonymous, anonymous);
                PeakMapped = Math.Max(PeakMapped, mapped);
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The end of what is measured.
        }
    }
}
