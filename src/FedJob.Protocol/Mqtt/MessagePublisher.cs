using FedJob.Abstractions;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// Brings one message to the broker: over the open connection, or the next one, until it is acknowledged or its time is up.
/// </summary>
/// <param name="gate">Where the open connection is.</param>
/// <param name="timeout">How long one call may take.</param>
/// <param name="timeProvider">The clock of the timeout.</param>
/// <param name="address">The broker's address, for messages.</param>
internal sealed class MessagePublisher(OpenGate gate, TimeSpan timeout, TimeProvider timeProvider, string address)
{
    public async Task<PublishOutcome> PublishAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var started = timeProvider.GetTimestamp();
        using var timer = new CancellationTokenSource(timeout, timeProvider);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        MessagingException? lost = null;
        try
        {
            while (await gate.WaitAsync(limit.Token).ConfigureAwait(false) is { } connection)
            {
                try
                {
                    return await connection.PublishAsync(message, limit.Token).ConfigureAwait(false);
                }
                catch (MessagingException exception) when (exception.Code == FedJobErrorCode.ConnectionClosed)
                {
                    // Whether the broker took it before the connection went is not known: at least once means to send it again.
                    lost = exception;
                    gate.Invalidate(connection);
                }
            }
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw NotAcknowledged(message, timeProvider.GetElapsedTime(started), lost);
        }

        throw new MessagingException(
            FedJobErrorCode.ConnectionClosed,
            $"Publishing on '{message.Topic}' was given up: the link to the broker at {address} is closed"
            + (gate.ClosedBy is { } reason ? $" ({reason.Message})" : string.Empty) + ". Make a new link.",
            gate.ClosedBy ?? lost)
        {
            Elapsed = timeProvider.GetElapsedTime(started),
        };
    }

    private MessagingException NotAcknowledged(OutboundMessage message, TimeSpan elapsed, MessagingException? lost) =>
        new(
            FedJobErrorCode.PublishNotAcknowledged,
            $"The broker at {address} did not acknowledge a message of {message.Payload.Length} bytes on '{message.Topic}' "
            + $"within {timeout} "
            + $"(BrokerOptions.PublishTimeout){(lost is null ? string.Empty : "; the connection was lost meanwhile")}. "
            + "It may have been delivered all the same. Check the broker, or allow more time.",
            lost)
        {
            Elapsed = elapsed,
        };
}
