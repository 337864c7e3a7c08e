namespace FedJob.Testing.Signals;

/// <summary>Counters of one moment, and those who wait for them to reach something.</summary>
internal sealed class Tally<T>(T start)
    where T : class
{
    private readonly Lock _gate = new();
    private readonly List<(Func<T, bool> IsReached, TaskCompletionSource<T> Waiter)> _waiters = [];
    private T _counters = start;

    public T Now
    {
        get
        {
            lock (_gate)
            {
                return _counters;
            }
        }
    }

    /// <summary>Counts something.</summary>
    public void Add(Func<T, T> change)
    {
        lock (_gate)
        {
            _counters = change(_counters);
            for (int i = _waiters.Count - 1; i >= 0; i--)
            {
                // Continuations of these run elsewhere, never under the lock.
                if (_waiters[i].Waiter.Task.IsCompleted || TryReach(_waiters[i].IsReached, _waiters[i].Waiter))
                {
                    _waiters.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Ends when the counters are as wanted.</summary>
    public async Task<T> WaitAsync(Func<T, bool> isReached, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!TryReach(isReached, waiter))
            {
                _waiters.Add((isReached, waiter));
            }
        }

        using CancellationTokenRegistration registration = cancellationToken.Register(() => waiter.TrySetCanceled(cancellationToken));
        return await waiter.Task.ConfigureAwait(false);
    }

    private bool TryReach(Func<T, bool> isReached, TaskCompletionSource<T> waiter)
    {
        try
        {
            return isReached(_counters) && waiter.TrySetResult(_counters);
        }
        catch (Exception exception)
        {
            // The caller's condition threw: that is the caller's to hear, not the connection's.
            return waiter.TrySetException(exception);
        }
    }
}
