using System.Collections.Concurrent;

namespace FedJob.Metrics;

/// <summary>Hands each item to every subscription whose filter takes it. After its end a new subscription has ended too.</summary>
internal sealed class Broadcast<T> : IDisposable
{
    private readonly ConcurrentDictionary<Subscription<T>, byte> _subscriptions = new();
    private volatile bool _ended;

    public Subscription<T> Subscribe(Func<T, bool> filter)
    {
        var subscription = new Subscription<T>(filter, s => _subscriptions.TryRemove(s, out _));
        _subscriptions.TryAdd(subscription, 0);
        if (_ended)
        {
            subscription.Dispose();
        }

        return subscription;
    }

    public void Publish(T item)
    {
        foreach ((Subscription<T> subscription, _) in _subscriptions)
        {
            subscription.Offer(item);
        }
    }

    public void Dispose()
    {
        _ended = true;
        foreach ((Subscription<T> subscription, _) in _subscriptions)
        {
            subscription.Dispose();
        }
    }
}
