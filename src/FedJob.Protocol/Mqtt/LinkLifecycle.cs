using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// The life of a link: connects, watches the connection, reconnects, ends. One flow of control runs through it, and that flow alone writes
/// the state.
/// </summary>
internal sealed partial class LinkLifecycle : IAsyncDisposable
{
    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromSeconds(2);

    private readonly IBrokerConnector _connector;
    private readonly LinkOptions _options;
    private readonly InboundQueues _queues;
    private readonly LinkOpener _opener;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Func<IEnumerable<Action<ConnectionStateChangedEventArgs>>> _listeners;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ConnectionState _state = ConnectionState.Closed;
    private volatile bool _supportsUserProperties;
    private volatile bool _abrupt;
    private int _stopRequested;
    private Task _running = Task.CompletedTask;

    public LinkLifecycle(
        IBrokerConnector connector,
        LinkOptions options,
        InboundQueues queues,
        Random random,
        ILogger logger,
        TimeProvider timeProvider,
        Func<IEnumerable<Action<ConnectionStateChangedEventArgs>>> listeners)
    {
        _connector = connector;
        _options = options;
        _queues = queues;
        _opener = new LinkOpener(connector, options, random, logger, timeProvider);
        _logger = logger;
        _time = timeProvider;
        _listeners = listeners;
    }

    public OpenGate Gate { get; } = new();

    public ConnectionState State => _state;

    public bool SupportsUserProperties => _supportsUserProperties;

    public Task Completion => _completion.Task;

    /// <summary>Connects for the first time and keeps the link up from then on. When it throws, the link never was.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        SetState(ConnectionState.Connecting, null);
        try
        {
            var connection = await _opener.OpenAsync(cancellationToken).ConfigureAwait(false);
            _running = RunAsync(connection);
        }
        catch (Exception exception)
        {
            SetState(ConnectionState.Closed, exception);
            _queues.Complete(exception);
            throw;
        }
    }

    /// <summary>Ends the link without a goodbye, as if its process had died: the broker publishes the will.</summary>
    public ValueTask AbortAsync()
    {
        _abrupt = true;
        return DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        var first = Interlocked.Exchange(ref _stopRequested, 1) == 0;
        if (first)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
        }

        await _running.ConfigureAwait(false);
        if (first)
        {
            _stopping.Dispose();
            _connector.Dispose();
        }
    }

    private async Task RunAsync(IBrokerConnection connection)
    {
        MessagingException? failure = null;
        try
        {
            while (failure is null)
            {
                EnterOpen(connection);
                var opened = _time.GetTimestamp();
                var loss = await ConnectionWatch.WaitForLossAsync(connection, _options.Address, _time, _stopping.Token)
                    .ConfigureAwait(false);
                if (loss is null)
                {
                    await EndAsync(connection).ConfigureAwait(false);
                    break;
                }

                Gate.Invalidate(connection);
                await connection.DisposeAsync().ConfigureAwait(false);
                if (loss.IsFinal)
                {
                    failure = loss.Reason;
                    break;
                }

                LogLost(_options.Address, loss.Reason.Message);
                SetState(ConnectionState.Reconnecting, loss.Reason);
                if (_time.GetElapsedTime(opened) >= _options.MaximumReconnectDelay)
                {
                    // A connection that held: what follows is a new disturbance. One that is cut again and again keeps the long pauses.
                    _opener.ForgetFailures();
                }

                connection = await _opener.ReopenAsync(_stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Asked to stop while there was no connection: nobody to say goodbye to.
        }
        catch (MessagingException exception)
        {
            failure = exception;
        }
        catch (Exception exception)
        {
            failure = new MessagingException(
                FedJobErrorCode.ConnectionClosed,
                $"The link to the broker at {_options.Address} ended by an unexpected error: {exception.Message}",
                exception);
        }

        Finish(failure);
    }

    private void EnterOpen(IBrokerConnection connection)
    {
        _supportsUserProperties = connection.SupportsUserProperties;
        LogOpened(_options.Address, _options.Settings.ClientId, connection.SupportsUserProperties ? "5" : "3.1.1");
        SetState(ConnectionState.Open, null);
        Gate.Open(connection);
    }

    /// <summary>Ends the open connection as it was asked for: in good order, or abruptly.</summary>
    private async Task EndAsync(IBrokerConnection connection)
    {
        Gate.Close(null);
        if (!_abrupt)
        {
            using var limit = new CancellationTokenSource(GoodbyeLimit, _time);
            try
            {
                if (_options.Settings.Farewell is { } farewell)
                {
                    await connection.PublishAsync(farewell, limit.Token).ConfigureAwait(false);
                }

                await connection.DisconnectAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is MessagingException or OperationCanceledException)
            {
                // Without a goodbye the broker publishes the will, which says the same.
                LogNoGoodbye(_options.Address, exception.Message);
            }
        }

        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private void Finish(MessagingException? failure)
    {
        SetState(failure is null ? ConnectionState.Closed : ConnectionState.Failed, failure);
        Gate.Close(failure);
        _queues.Complete(failure);
        if (failure is null)
        {
            LogClosed(_options.Address);
            _completion.SetResult();
            return;
        }

        LogFailed(_options.Address, failure.Message);
        _completion.SetException(failure);

        // Nobody has to wait for the end; the state and every later call tell it too.
        _ = _completion.Task.Exception;
    }

    private void SetState(ConnectionState state, Exception? reason)
    {
        var previous = _state;
        _state = state;
        var change = new ConnectionStateChangedEventArgs(previous, state, reason);
        foreach (Action<ConnectionStateChangedEventArgs> listener in _listeners())
        {
            try
            {
                listener(change);
            }
            catch (Exception exception)
            {
                // A listener's fault is neither the link's nor the other listeners', such as the rounds: it is told, and all goes on.
                LogListenerFailed(exception, state);
            }
        }
    }

    [LoggerMessage(1200, LogLevel.Information, "Link {ClientId} to the broker at {Address} is open (MQTT {Protocol})")]
    private partial void LogOpened(string address, string clientId, string protocol);

    [LoggerMessage(1201, LogLevel.Warning, "The connection to the broker at {Address} was lost and is made again: {Reason}")]
    private partial void LogLost(string address, string reason);

    [LoggerMessage(1204, LogLevel.Error, "The link to the broker at {Address} failed for good: {Reason}")]
    private partial void LogFailed(string address, string reason);

    [LoggerMessage(1205, LogLevel.Information, "The link to the broker at {Address} is closed")]
    private partial void LogClosed(string address);

    [LoggerMessage(1206, LogLevel.Error, "A listener to the link's state threw an exception at the change to {State}")]
    private partial void LogListenerFailed(Exception exception, ConnectionState state);

    [LoggerMessage(1207, LogLevel.Warning, "Closing the connection to the broker at {Address} without a goodbye: {Reason}")]
    private partial void LogNoGoodbye(string address, string reason);
}
