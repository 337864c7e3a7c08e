using FedJob.Protocol.Mqtt;

namespace FedJob.Testing.Scripting;

/// <summary>The requests a scripted node has seen by their ids, with the replies to those it finished. Bounded.</summary>
internal sealed class KeptRequests(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _byKey = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Notes a request.</summary>
    /// <param name="key">What it is known by; null without an id: then it is always new.</param>
    /// <param name="isRepeated">Whether it came before.</param>
    /// <param name="finished">The reply it had before, if it has one.</param>
    /// <returns>Whether there is something to do for it: it is not finished and not in progress.</returns>
    public bool Begin(string? key, out bool isRepeated, out OutboundMessage? finished)
    {
        (isRepeated, finished) = (false, null);
        if (key is null)
        {
            return true;
        }

        lock (_gate)
        {
            isRepeated = _byKey.TryGetValue(key, out Entry entry);
            finished = entry.Reply;
            if (isRepeated && (entry.InProgress || finished is not null))
            {
                return false;
            }

            if (!isRepeated)
            {
                _order.Enqueue(key);
                while (_order.Count > capacity)
                {
                    _byKey.Remove(_order.Dequeue());
                }
            }

            _byKey[key] = new Entry(InProgress: true, null);
            return true;
        }
    }

    /// <summary>Ends a request in progress: with its reply, or with null where it is forgotten.</summary>
    public void End(string? key, OutboundMessage? reply)
    {
        lock (_gate)
        {
            if (key is not null && _byKey.ContainsKey(key))
            {
                _byKey[key] = new Entry(InProgress: false, reply);
            }
        }
    }

    /// <summary>Ends a request that is still in progress without a reply, so that its repeat begins anew.</summary>
    public void Forget(string? key)
    {
        lock (_gate)
        {
            if (key is not null && _byKey.TryGetValue(key, out Entry entry) && entry.InProgress)
            {
                _byKey[key] = new Entry(InProgress: false, null);
            }
        }
    }

    private readonly record struct Entry(bool InProgress, OutboundMessage? Reply);
}
