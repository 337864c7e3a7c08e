using System.Diagnostics;

namespace Checkpoints;

/// <summary>Looks at the process's memory every two milliseconds until it is disposed.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    public MemoryWatch()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        IdleBytes = PeakBytes = Environment.WorkingSet;
        _watching = Task.Run(WatchAsync);
    }

    public long IdleBytes { get; }

    public long PeakBytes { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        using var process = Process.GetCurrentProcess();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                process.Refresh();
                PeakBytes = Math.Max(PeakBytes, process.WorkingSet64);
            }
        }
        catch (OperationCanceledException)
        {
            // The end of what is measured.
        }
    }
}
