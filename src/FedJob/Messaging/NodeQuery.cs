using System.Threading.Channels;

namespace FedJob.Messaging;

/// <summary>A running ping, search or list: its answers come one by one, each wait is bounded.</summary>
internal sealed class NodeQuery(TimeProvider timeProvider, Action<NodeQuery> onDispose) : IDisposable
{
    private const int Capacity = 65_536;
    private readonly Channel<QueryAnswer> _answers = Channel.CreateBounded<QueryAnswer>(Capacity);

    public bool Offer(QueryAnswer answer) => _answers.Writer.TryWrite(answer);

    public void Fail(Exception reason) => _answers.Writer.TryComplete(reason);

    /// <summary>The next answer, or <see langword="null"/> when none came in time.</summary>
    public async Task<QueryAnswer?> NextAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_answers.Reader.TryRead(out QueryAnswer? ready))
        {
            return ready;
        }

        if (timeout <= TimeSpan.Zero)
        {
            return null;
        }

        using var timer = new CancellationTokenSource(timeout, timeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await _answers.Reader.ReadAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (ChannelClosedException closed) when (closed.InnerException is not null)
        {
            throw closed.InnerException;
        }
    }

    public void Dispose()
    {
        _answers.Writer.TryComplete();
        onDispose(this);
    }
}
