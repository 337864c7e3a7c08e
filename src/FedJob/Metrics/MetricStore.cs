using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FedJob.Metrics;

/// <summary>
/// The metrics that nodes reported for one job, in the order of their arrival: to be queried, and to be followed as they come. Bounded: beyond its
/// capacity the oldest are dropped and counted. Metrics travel beside the replies, so those of a round may arrive a moment after its end.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Its job ends the streams with End; what is kept stays readable.")]
public sealed class MetricStore
{
    private readonly int _capacity;
    private readonly Lock _lock = new();
    private readonly Queue<NodeMetric> _metrics = new();
    private readonly Broadcast<NodeMetric> _live = new();
    private long _dropped;

    internal MetricStore(int capacity) => _capacity = capacity;

    /// <summary>How many metrics are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _metrics.Count;
            }
        }
    }

    /// <summary>How many metrics were dropped because the store was full.</summary>
    public long DroppedCount => Interlocked.Read(ref _dropped);

    /// <summary>The metrics kept that fit, in the order of their arrival.</summary>
    /// <param name="nodeId">Only those of this node; <see langword="null"/> for all.</param>
    /// <param name="round">Only those of this round; <see langword="null"/> for all.</param>
    /// <param name="name">Only reports that hold a metric of this name, e.g. <c>Loss</c>; <see langword="null"/> for all.</param>
    /// <param name="phase">Only those of this phase; <see langword="null"/> for all.</param>
    /// <returns>A copy.</returns>
    public IReadOnlyList<NodeMetric> Query(string? nodeId = null, int? round = null, string? name = null, MetricPhase? phase = null)
    {
        lock (_lock)
        {
            return [.. _metrics.Where(m => (nodeId is null || m.NodeId == nodeId)
                && (round is null || m.Round == round)
                && (name is null || m.Message.Metrics.ContainsKey(name))
                && (phase is null || m.Phase == phase))];
        }
    }

    /// <summary>Streams the metrics: first those kept, then each as it arrives, none twice; ends with the job.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>The stream.</returns>
    public async IAsyncEnumerable<NodeMetric> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        NodeMetric[] kept;
        Subscription<NodeMetric> live;
        lock (_lock)
        {
            kept = [.. _metrics];
            live = _live.Subscribe(_ => true);
        }

        using (live)
        {
            foreach (NodeMetric metric in kept)
            {
                yield return metric;
            }

            await foreach (NodeMetric metric in live.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return metric;
            }
        }
    }

    /// <summary>Streams the metrics that fit as they arrive from now on.</summary>
    internal Subscription<NodeMetric> Follow(Func<NodeMetric, bool> filter) => _live.Subscribe(filter);

    internal void Add(NodeMetric metric)
    {
        lock (_lock)
        {
            if (_metrics.Count == _capacity)
            {
                _metrics.Dequeue();
                Interlocked.Increment(ref _dropped);
            }

            _metrics.Enqueue(metric);
            _live.Publish(metric);
        }
    }

    /// <summary>Ends the streams; what is kept stays.</summary>
    internal void End() => _live.Dispose();
}
