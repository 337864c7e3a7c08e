using FedJob.Abstractions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FedJob.DependencyInjection;

/// <summary>Gives a host its one client: connected when it is first asked for, closed with the host. A failed attempt is tried again by the next caller.</summary>
/// <param name="options">Where broker and repository are.</param>
/// <param name="loggers">Where to log.</param>
/// <param name="timeProvider">The clock.</param>
public sealed class FedJobClientProvider(IOptions<FedJobClientOptions> options, ILoggerFactory loggers, TimeProvider timeProvider) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private FedJobClient? _client;

    /// <summary>The client, connected.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The same client for every caller; it stays the provider's.</returns>
    /// <exception cref="FedJobException">The broker could not be reached or refused.</exception>
    /// <exception cref="ObjectDisposedException">The host was stopped, before the call or while it waited.</exception>
    public async ValueTask<FedJobClient> GetClientAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            await _turn.WaitAsync(stop.Token).ConfigureAwait(false);
            try
            {
                return _client ??= await FedJobClient.ConnectAsync(options.Value, loggers, timeProvider, stop.Token).ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(FedJobClientProvider), "The host was stopped while the client was awaited.");
        }
    }

    /// <summary>Ends a connection attempt and closes the client. May be called more than once.</summary>
    /// <returns>A task that ends when nothing is running any more.</returns>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        FedJobClient? client;
        try
        {
            (client, _client) = (_client, null);
        }
        finally
        {
            _turn.Release();
        }

        if (client is not null)
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }
}
