using FedJob.Abstractions;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// Watches an open connection: a dead one is noticed within 1.5 keep-alive intervals, also while messages are being sent into the void.
/// </summary>
internal static class ConnectionWatch
{
    /// <summary>Waits until the connection is lost. Asks the broker for a sign of life at every keep-alive interval.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="address">The broker's address, for messages.</param>
    /// <param name="timeProvider">The clock of the interval.</param>
    /// <param name="stopping">Ends the watch.</param>
    /// <returns>The loss; <see langword="null"/> when the watch was ended.</returns>
    public static async Task<ConnectionLoss?> WaitForLossAsync(
        IBrokerConnection connection, string address, TimeProvider timeProvider, CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                try
                {
                    return await connection.Lost.WaitAsync(connection.KeepAlive, timeProvider, stopping).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    await ProbeAsync(connection, address, timeProvider, stopping).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task ProbeAsync(
        IBrokerConnection connection, string address, TimeProvider timeProvider, CancellationToken stopping)
    {
        using var timer = new CancellationTokenSource(connection.KeepAlive / 2, timeProvider);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping, timer.Token);
        try
        {
            await connection.PingAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            connection.Drop(new MessagingException(
                FedJobErrorCode.ConnectionClosed,
                $"The broker at {address} gave no sign of life for {connection.KeepAlive * 1.5}; the connection is taken for dead."));
        }
        catch (MessagingException exception)
        {
            // The connection went while we asked; where the library has not noticed by itself, this makes sure of it.
            connection.Drop(exception);
        }
    }
}
