using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace FedJob.Rounds;

/// <summary>What runs beside a collector's loop, and the signals by which it tells the loop: tasks and timers that end with the round.</summary>
internal sealed class CollectorWork(TimeProvider timeProvider, CancellationToken stop)
{
    private readonly Channel<CollectorSignal> _signals = Channel.CreateUnbounded<CollectorSignal>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<Task> _running = [];
    private readonly List<ITimer> _timers = [];
    private int _pruneAt = 64;

    /// <summary>The next signal; throws what broke down beside the loop.</summary>
    public async Task<CollectorSignal> NextAsync()
    {
        try
        {
            return await _signals.Reader.ReadAsync(stop).ConfigureAwait(false);
        }
        catch (ChannelClosedException closed) when (closed.InnerException is { } ours)
        {
            ExceptionDispatchInfo.Throw(ours);
            throw;
        }
    }

    public void Post(CollectorSignal signal) => _signals.Writer.TryWrite(signal);

    /// <summary>Posts a signal later.</summary>
    public void PostAfter(TimeSpan due, CollectorSignal signal) =>
        _timers.Add(timeProvider.CreateTimer(_ => Post(signal), null, due, Timeout.InfiniteTimeSpan));

    /// <summary>Keeps a task until the round ends; its failure ends the round.</summary>
    public void Start(Task work)
    {
        if (_running.Count >= _pruneAt)
        {
            _running.RemoveAll(t => t.IsCompletedSuccessfully);
            _pruneAt = (2 * _running.Count) + 64;
        }

        _running.Add(GuardAsync(work));
    }

    /// <summary>Ends the timers and waits for the tasks, which are being stopped.</summary>
    public async Task EndAsync()
    {
        _timers.ForEach(t => t.Dispose());
        await Task.WhenAll(_running).ConfigureAwait(false);
    }

    /// <summary>Lets a failure that is no node's fault, such as a full disk, end the round.</summary>
    private async Task GuardAsync(Task work)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The round has ended or was cancelled: the collector decides what that means.
        }
        catch (Exception ours)
        {
            _signals.Writer.TryComplete(ours);
        }
    }
}
