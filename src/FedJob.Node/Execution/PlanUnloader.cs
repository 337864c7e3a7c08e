using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>
/// Sees to it that the load contexts of finished runs really go, away from the rounds: the garbage collector is asked only while one is
/// still there, at
/// most ten times for each, with pauses, without blocking. A plan that is still there then is reported: it keeps itself alive.
/// </summary>
internal sealed partial class PlanUnloader : IAsyncDisposable
{
    private const int MaximumTries = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(750);
    private readonly Channel<Entry> _arriving = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<PlanUnloadedEventArgs> _onSettled;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Task _loop;

    /// <summary>Begins to watch.</summary>
    /// <param name="onSettled">Told of each context that went, or did not.</param>
    /// <param name="timeProvider">The clock of the pauses.</param>
    /// <param name="logger">Where a context that stays is logged.</param>
    public PlanUnloader(Action<PlanUnloadedEventArgs> onSettled, TimeProvider timeProvider, ILogger logger)
    {
        (_onSettled, _timeProvider, _logger) = (onSettled, timeProvider, logger);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Watches a load context whose unloading has begun.</summary>
    /// <param name="context">Dead once the context is gone.</param>
    /// <param name="task">The request it was loaded for.</param>
    public void Watch(WeakReference context, TrainTask task) => _arriving.Writer.TryWrite(
        new Entry(context, task.Request.TrainingPlanClass, task.Request.JobId, task.Request.Round, _timeProvider.GetTimestamp()));

    /// <summary>Stops watching.</summary>
    /// <returns>A task that ends when nothing is watched any more.</returns>
    public async ValueTask DisposeAsync()
    {
        _arriving.Writer.TryComplete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        List<Entry> watched = [];
        try
        {
            while (await _arriving.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false))
            {
                do
                {
                    // The pause comes first: it lets the run's last references go, gathers the contexts of quick rounds, and between two
                    // tries it
                    // gives finalizers time.
                    await Task.Delay(Pause, _timeProvider, _stop.Token).ConfigureAwait(false);
                    while (_arriving.Reader.TryRead(out Entry? entry))
                    {
                        watched.Add(entry);
                    }

                    watched.RemoveAll(HasSettled);
                    if (watched.Count > 0)
                    {
                        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
                    }
                }
                while (watched.Count > 0);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The node stops; what is still loaded goes with the next collection.
        }
    }

    private bool HasSettled(Entry entry)
    {
        bool isGone = !entry.Context.IsAlive;
        if (!isGone && entry.Tries < MaximumTries)
        {
            entry.Tries++;
            return false;
        }

        TimeSpan elapsed = _timeProvider.GetElapsedTime(entry.Begun);
        if (isGone)
        {
            LogUnloaded(_logger, entry.TypeName, entry.JobId, entry.Round, elapsed);
        }
        else
        {
            LogStayed(_logger, entry.TypeName, entry.JobId, entry.Round, MaximumTries);
        }

        try
        {
            _onSettled(new PlanUnloadedEventArgs(entry.TypeName, entry.JobId, entry.Round, isGone, elapsed));
        }
        catch (Exception e)
        {
            // A listener's failure is not the node's.
            LogListenerFailed(_logger, e);
        }

        return true;
    }

    [LoggerMessage(1460, LogLevel.Debug, "Plan {TypeName} of job {Job}, round {Round}, is unloaded after {Elapsed}")]
    private static partial void LogUnloaded(ILogger logger, string typeName, string job, int round, TimeSpan elapsed);

    [LoggerMessage(1461, LogLevel.Warning,
        "Plan {TypeName} of job {Job}, round {Round}, is still loaded after {Tries} collections: something static, an event or "
        + "a thread holds it")]
    private static partial void LogStayed(ILogger logger, string typeName, string job, int round, int tries);

    [LoggerMessage(1462, LogLevel.Error, "A listener to PlanUnloaded threw an exception")]
    private static partial void LogListenerFailed(ILogger logger, Exception exception);

    private sealed record Entry(WeakReference Context, string TypeName, string JobId, int Round, long Begun)
    {
        public int Tries { get; set; }
    }
}
