using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Protocol.Mqtt;

/// <summary>A connector whose broker does what the test says, without sockets and time.</summary>
internal sealed class ScriptedBroker : IBrokerConnector
{
    private readonly Lock _lock = new();
    private readonly List<(Func<bool> Condition, TaskCompletionSource Signal)> _waiters = [];

    /// <summary>What the next attempts to connect meet; <see langword="null"/> connects. When it is empty every attempt connects.</summary>
    public Queue<Exception?> Answers { get; } = new();

    /// <summary>Whether an attempt hangs until it is cancelled.</summary>
    public bool Silent { get; set; }

    public List<ScriptedConnection> Connections { get; } = [];

    public int Attempts { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Set up on each new connection.</summary>
    public Action<ScriptedConnection>? OnConnected { get; set; }

    public ScriptedConnection Last => Connections[^1];

    public async Task<IBrokerConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        Change(() => Attempts++);
        if (Silent)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        if (Answers.TryDequeue(out var answer) && answer is not null)
        {
            throw answer;
        }

        var connection = new ScriptedConnection(this);
        OnConnected?.Invoke(connection);
        Change(() => Connections.Add(connection));
        return connection;
    }

    public void Dispose() => IsDisposed = true;

    /// <summary>Runs a change of the broker's state and wakes who waits for it.</summary>
    public void Change(Action change)
    {
        lock (_lock)
        {
            change();
            foreach (var (_, signal) in _waiters.Where(waiter => waiter.Condition()).ToArray())
            {
                signal.TrySetResult();
            }
        }
    }

    /// <summary>Waits for a state of the broker.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (condition())
            {
                return;
            }

            _waiters.Add((condition, signal));
        }

        await signal.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }
}

/// <summary>A connection that records what is asked of it.</summary>
internal sealed class ScriptedConnection(ScriptedBroker broker) : IBrokerConnection
{
    private readonly TaskCompletionSource<ConnectionLoss> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Everything that was asked, in order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Answers publishes; the default accepts at once.</summary>
    public Func<OutboundMessage, Task<PublishOutcome>> Publishing { get; set; } = _ => Task.FromResult(PublishOutcome.Accepted);

    public Func<Task> Subscribing { get; set; } = () => Task.CompletedTask;

    public Func<Task> Pinging { get; set; } = () => Task.CompletedTask;

    public Func<Task> Disconnecting { get; set; } = () => Task.CompletedTask;

    public bool SupportsUserProperties { get; set; } = true;

    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    public Task<ConnectionLoss> Lost => _lost.Task;

    public bool IsDisposed { get; private set; }

    public static MessagingException Gone(string why = "cut") => new(FedJobErrorCode.ConnectionClosed, why);

    public Task SubscribeAsync(CancellationToken cancellationToken) => AskAsync("subscribe", Subscribing, cancellationToken);

    public async Task<PublishOutcome> PublishAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        Record($"publish {message.Topic}");
        if (_lost.Task.IsCompleted)
        {
            throw Gone();
        }

        var publishing = Publishing(message);
        var first = await Task.WhenAny(publishing.WaitAsync(cancellationToken), _lost.Task);
        return first == _lost.Task ? throw Gone() : await (Task<PublishOutcome>)first;
    }

    public Task PingAsync(CancellationToken cancellationToken) => AskAsync("ping", Pinging, cancellationToken);

    public Task DisconnectAsync(CancellationToken cancellationToken) => AskAsync("disconnect", Disconnecting, cancellationToken);

    public void Drop(MessagingException reason) => Lose(reason);

    public void Lose(MessagingException? reason = null, bool final = false) => _lost.TrySetResult(new ConnectionLoss(reason ?? Gone(), final));

    public ValueTask DisposeAsync()
    {
        broker.Change(() => IsDisposed = true);
        Lose();
        return ValueTask.CompletedTask;
    }

    private Task AskAsync(string what, Func<Task> answer, CancellationToken cancellationToken)
    {
        Record(what);
        return answer().WaitAsync(cancellationToken);
    }

    private void Record(string what) => broker.Change(() => Asked.Add(what));
}
