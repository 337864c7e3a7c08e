namespace FedJob;

/// <summary>Lets one round of a job run at a time; closing it ends the running round and waits for its end.</summary>
/// <param name="jobId">The job, for messages.</param>
/// <param name="run">What runs, for messages.</param>
/// <param name="owner">What is disposed when the gate is closed; a job unless said otherwise.</param>
internal sealed class RoundGate(string jobId, string run = "round", Type? owner = null) : IDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly Type _owner = owner ?? typeof(Job);
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
            throw new ObjectDisposedException(
                _owner.FullName, $"Job {jobId} was disposed while its {run} was running; the {run} was ended.");
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

    /// <summary>Changes something of the job, unless a round is running.</summary>
    /// <param name="what">What would be changed, e.g. "its data".</param>
    /// <param name="change">The change; short.</param>
    public void Change(string what, Action change)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, _owner);
            if (_running is not null)
            {
                throw new InvalidOperationException($"A {run} of job {jobId} is running; {what} can be changed between {run}s only.");
            }

            change();
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
            ObjectDisposedException.ThrowIf(_closed, _owner);
            if (_running is not null)
            {
                throw new InvalidOperationException($"A {run} of job {jobId} is running already; {run}s of one job run one after another.");
            }

            return _running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
