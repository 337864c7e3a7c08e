using System.Threading.Channels;

namespace FedJob.Node.Execution;

/// <summary>
/// Train requests that wait, in the order they came, and the keys of those that wait or run: a request whose key is there is not queued
/// again.
/// </summary>
internal sealed class TrainQueue
{
    private readonly Channel<TrainTask> _waiting;
    private readonly HashSet<string> _outstanding = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Makes a queue.</summary>
    /// <param name="capacity">The most requests that wait.</param>
    public TrainQueue(int capacity)
    {
        Capacity = capacity;
        _waiting = Channel.CreateBounded<TrainTask>(new BoundedChannelOptions(capacity) { SingleReader = true });
    }

    /// <summary>The most requests that wait.</summary>
    public int Capacity { get; }

    /// <summary>The requests, first come first served.</summary>
    public ChannelReader<TrainTask> Waiting => _waiting.Reader;

    /// <summary>Takes a key, so that no other message with the same one gets further.</summary>
    /// <param name="key">The key; without one there is nothing to take.</param>
    /// <returns>Whether it was free.</returns>
    public bool TryReserve(string? key)
    {
        lock (_gate)
        {
            return key is null || _outstanding.Add(key);
        }
    }

    /// <summary>Gives a key back: its request was answered, or never queued.</summary>
    /// <param name="key">The key.</param>
    public void Release(string? key)
    {
        lock (_gate)
        {
            _ = key is null || _outstanding.Remove(key);
        }
    }

    /// <summary>Queues a request whose key was reserved.</summary>
    /// <param name="task">The request.</param>
    /// <returns>Whether there was room.</returns>
    public bool TryEnqueue(TrainTask task) => _waiting.Writer.TryWrite(task);
}
