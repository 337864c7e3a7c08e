namespace FedJob;

/// <summary>Lets one round of a job run at a time; closing it ends the running round and waits for its end.</summary>
internal sealed class RoundGate(string jobId) : IDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource? _running;
    private bool _closed;

    /// <summary>Runs a round, unless one is running.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> round, CancellationToken cancellationToken)
    {
        TaskCompletionSource ended = Enter();
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
            return await round(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(typeof(Job).FullName, $"Job {jobId} was disposed while its round was running; the round was ended.");
        }
        finally
        {
            lock (_lock)
            {
                _running = null;
            }

            ended.SetResult();
        }
    }

    /// <summary>Ends the running round. No further one begins.</summary>
    public async Task CloseAsync()
    {
        Task? running;
        lock (_lock)
        {
            _closed = true;
            running = _running?.Task;
        }

        await _closing.CancelAsync().ConfigureAwait(false);
        await (running ?? Task.CompletedTask).ConfigureAwait(false);
    }

    public void Dispose() => _closing.Dispose();

    private TaskCompletionSource Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(Job));
            if (_running is not null)
            {
                throw new InvalidOperationException($"A round of job {jobId} is running already; rounds of one job run one after another.");
            }

            return _running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
