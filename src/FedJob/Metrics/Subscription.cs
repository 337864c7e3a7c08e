using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace FedJob.Metrics;

/// <summary>A live stream with a bounded buffer of its own: when its reader is too slow the oldest items are dropped and counted. Ends with <see cref="Dispose"/>.</summary>
/// <typeparam name="T">What is streamed.</typeparam>
public sealed class Subscription<T> : IDisposable
{
    private const int Capacity = 4096;

    private readonly Channel<T> _items;
    private readonly Action<Subscription<T>> _onDispose;
    private long _dropped;

    internal Subscription(Func<T, bool> filter, Action<Subscription<T>> onDispose)
    {
        Filter = filter;
        _onDispose = onDispose;
        _items = Channel.CreateBounded<T>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest }, _ => Interlocked.Increment(ref _dropped));
    }

    /// <summary>How many items were dropped because the reader was too slow.</summary>
    public long DroppedCount => Interlocked.Read(ref _dropped);

    internal Func<T, bool> Filter { get; }

    /// <summary>The items as they arrive; the stream ends when the subscription is disposed or the connection is closed.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>The stream.</returns>
    public IAsyncEnumerable<T> ReadAllAsync(CancellationToken cancellationToken) => _items.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Ends the stream. May be called more than once.</summary>
    public void Dispose()
    {
        _items.Writer.TryComplete();
        _onDispose(this);
    }

    /// <summary>Takes an item that is there already.</summary>
    internal bool TryRead([MaybeNullWhen(false)] out T item) => _items.Reader.TryRead(out item);

    /// <summary>Waits for an item; false when the stream has ended.</summary>
    internal ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _items.Reader.WaitToReadAsync(cancellationToken);

    internal void Offer(T item)
    {
        if (Filter(item))
        {
            _items.Writer.TryWrite(item);
        }
    }
}
