namespace FedJob.Testing.Faults;

/// <summary>The counters of a proxy, and those who wait for them to reach something.</summary>
internal sealed class ProxyTally
{
    private readonly Lock _gate = new();
    private readonly List<(Func<FaultProxyCounters, bool> IsReached, TaskCompletionSource<FaultProxyCounters> Waiter)> _waiters = [];
    private FaultProxyCounters _counters = new()
    {
        Accepted = 0,
        Refused = 0,
        Cut = 0,
        Open = 0,
        BytesToTarget = 0,
        BytesToClient = 0,
        BytesSwallowed = 0,
        BytesCorrupted = 0,
        ChunksDuplicated = 0,
    };

    public FaultProxyCounters Now
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
    public void Add(Func<FaultProxyCounters, FaultProxyCounters> change)
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
    public async Task<FaultProxyCounters> WaitAsync(Func<FaultProxyCounters, bool> isReached, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource<FaultProxyCounters>(TaskCreationOptions.RunContinuationsAsynchronously);
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

    private bool TryReach(Func<FaultProxyCounters, bool> isReached, TaskCompletionSource<FaultProxyCounters> waiter)
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
