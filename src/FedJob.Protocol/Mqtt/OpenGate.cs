namespace FedJob.Protocol.Mqtt;

/// <summary>
/// Where publishers wait for an open connection. A failed attempt to reconnect does not touch it, so that no waiter is left behind on an
/// old wait.
/// </summary>
internal sealed class OpenGate
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<IBrokerConnection?> _current = NewSource();
    private IBrokerConnection? _connection;
    private bool _closed;

    /// <summary>Why the gate was closed, where there was a reason.</summary>
    public Exception? ClosedBy { get; private set; }

    /// <summary>Waits for the open connection; <see langword="null"/> once the gate is closed for good.</summary>
    public Task<IBrokerConnection?> WaitAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _current.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Lets the waiters through to a connection.</summary>
    public void Open(IBrokerConnection connection)
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _connection = connection;
                _current.TrySetResult(connection);
            }
        }
    }

    /// <summary>Makes later callers wait, if the gate still leads to this connection.</summary>
    public void Invalidate(IBrokerConnection connection)
    {
        lock (_lock)
        {
            if (!_closed && ReferenceEquals(_connection, connection))
            {
                _connection = null;
                _current = NewSource();
            }
        }
    }

    /// <summary>Turns all waiters, and all who come, away.</summary>
    public void Close(Exception? reason)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            ClosedBy = reason;
            _connection = null;
            if (!_current.TrySetResult(null))
            {
                _current = NewSource();
                _current.SetResult(null);
            }
        }
    }

    private static TaskCompletionSource<IBrokerConnection?> NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
