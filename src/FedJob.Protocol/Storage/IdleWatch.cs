namespace FedJob.Protocol.Storage;

/// <summary>
/// Cancels a transfer on which nothing moved for the idle timeout. It runs only while the network is waited for: local disks and connecting, which
/// has a limit of its own, do not count.
/// </summary>
internal sealed class IdleWatch : IDisposable
{
    /// <summary>Where a request carries its watch, for whoever opens the connection.</summary>
    public static readonly HttpRequestOptionsKey<IdleWatch> Key = new("FedJob.IdleWatch");

    private readonly Lock _lock = new();
    private readonly TimeSpan _idle;
    private readonly TimeProvider _timeProvider;
    private readonly long _began;
    private readonly CancellationTokenSource _expiry;
    private readonly CancellationTokenSource _either;
    private bool _disposed;

    /// <summary>Starts watching.</summary>
    public IdleWatch(TimeSpan idle, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        (_idle, _timeProvider, _began) = (idle, timeProvider, timeProvider.GetTimestamp());
        _expiry = new CancellationTokenSource(idle, timeProvider);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_expiry.Token, cancellationToken);
    }

    /// <summary>How long nothing may move.</summary>
    public TimeSpan Idle => _idle;

    /// <summary>Cancelled when nothing moved for too long, and when the transfer is cancelled.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Whether nothing moved for too long.</summary>
    public bool HasExpired => _expiry.IsCancellationRequested;

    /// <summary>Something moved, or is about to be waited for: the full timeout begins.</summary>
    public void Restart() => Set(_idle);

    /// <summary>
    /// All is handed to the network, and much of it may still lie in buffers on the way, where it cannot be seen to move: draining them takes no longer than
    /// handing over took.
    /// </summary>
    public void RestartWithBuffersToDrain() => Set(_idle + _timeProvider.GetElapsedTime(_began));

    /// <summary>Nothing is expected from the network now.</summary>
    public void Pause() => Set(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _either.Dispose();
            _expiry.Dispose();
        }
    }

    private void Set(TimeSpan time)
    {
        // A connection that was opened for one request may be ready after that request ended over another.
        lock (_lock)
        {
            if (!_disposed)
            {
                _expiry.CancelAfter(time);
            }
        }
    }
}
