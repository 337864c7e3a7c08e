using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// Opens a link's connections: connected, subscribed and announced, or nothing of it is left; again and again after a loss.
/// </summary>
internal sealed partial class LinkOpener(
    IBrokerConnector connector, LinkOptions options, Random random, ILogger logger, TimeProvider timeProvider)
{
    private readonly ReconnectBackoff _backoff = new(options.ReconnectDelay, options.MaximumReconnectDelay, random);

    /// <summary>Connects, subscribes, announces itself: all within the connect timeout, or nothing of it is left.</summary>
    public async Task<IBrokerConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        using var timer = new CancellationTokenSource(options.ConnectTimeout, timeProvider);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        IBrokerConnection? connection = null;
        try
        {
            connection = await connector.ConnectAsync(limit.Token).ConfigureAwait(false);
            await connection.SubscribeAsync(limit.Token).ConfigureAwait(false);
            if (options.Settings.Birth is { } birth)
            {
                await connection.PublishAsync(birth, limit.Token).ConfigureAwait(false);
            }

            return connection;
        }
        catch (Exception exception)
        {
            if (connection is not null)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }

            if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new MessagingException(
                    FedJobErrorCode.BrokerUnreachable,
                    $"The broker at {options.Address} did not answer "
                    + $"{(connection is null ? "the connection request" : "the subscriptions")} within "
                    + $"{options.ConnectTimeout} (BrokerOptions.ConnectTimeout). Check that it is an MQTT broker and not overloaded.",
                    exception)
                {
                    Elapsed = timeProvider.GetElapsedTime(started),
                };
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (exception is MessagingException { Code: FedJobErrorCode.ConnectionClosed })
            {
                throw new MessagingException(
                    FedJobErrorCode.BrokerRefused,
                    $"The broker at {options.Address} took the connection and closed it before the subscriptions were in place: "
                    + $"{exception.Message} "
                    + "Check its log; it may forbid the topics or the client id.",
                    exception);
            }

            throw;
        }
    }

    /// <summary>Tries until the broker is there again, with growing pauses.</summary>
    /// <exception cref="MessagingException">The broker refuses the login; it is not tried again.</exception>
    public async Task<IBrokerConnection> ReopenAsync(CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            await Task.Delay(_backoff.Next(), timeProvider, cancellationToken).ConfigureAwait(false);
            try
            {
                var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
                LogReconnected(options.Address, attempt, timeProvider.GetElapsedTime(started));
                return connection;
            }
            catch (MessagingException exception) when (!exception.IsAuthenticationFailure)
            {
                LogReconnectFailed(
                    DropCounter.IsPowerOfTen(attempt) ? LogLevel.Warning : LogLevel.Debug, attempt, options.Address, exception.Message);
            }
        }
    }

    /// <summary>Starts again with the shortest pause: the last connection held.</summary>
    public void ForgetFailures() => _backoff.Reset();

    [LoggerMessage(EventId = 1202, Message = "Attempt {Attempt} to reach the broker at {Address} again failed: {Reason}")]
    private partial void LogReconnectFailed(LogLevel level, int attempt, string address, string reason);

    [LoggerMessage(1203, LogLevel.Information, "Reached the broker at {Address} again at attempt {Attempt}, after {Elapsed}")]
    private partial void LogReconnected(string address, int attempt, TimeSpan elapsed);
}
