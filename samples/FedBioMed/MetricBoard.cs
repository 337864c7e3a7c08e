using FedJob.Protocol.Messages;

namespace FedBioMed;

/// <summary>The last value of each metric of the running round, by node, kind and name.</summary>
internal sealed class MetricBoard
{
    // Metrics travel on a topic of their own, so that the last ones may be a moment later than the reply that ends the round.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _reporters = new(StringComparer.Ordinal);
    private SortedDictionary<string, SortedDictionary<string, Dictionary<string, double>>> _nodes = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(MetricMessage message)
    {
        lock (_lock)
        {
            _reporters.Add(message.NodeId);
            if (!_nodes.TryGetValue(message.NodeId, out SortedDictionary<string, Dictionary<string, double>>? kinds))
            {
                _nodes[message.NodeId] = kinds = new(StringComparer.Ordinal);
            }

            string kind = KindOf(message);
            if (!kinds.TryGetValue(kind, out Dictionary<string, double>? values))
            {
                kinds[kind] = values = new(StringComparer.Ordinal);
            }

            foreach ((string name, double value) in message.Metrics)
            {
                values[name] = value;
            }

            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Waits a moment for metrics that are on their way: of nodes that succeeded, are known to report, and have not yet in this round.</summary>
    public async Task SettleAsync(IReadOnlyCollection<string> succeeded, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(Patience);
        while (Missing(succeeded) is { } changed && !bound.IsCancellationRequested)
        {
            await changed.WaitAsync(bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes the values of the round that is over and begins the next.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>>> Take()
    {
        lock (_lock)
        {
            var taken = _nodes.ToDictionary(
                node => node.Key,
                IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>> (node) =>
                    node.Value.ToDictionary(kind => kind.Key, IReadOnlyDictionary<string, double> (kind) => kind.Value));
            _nodes = new(StringComparer.Ordinal);
            return taken;
        }
    }

    public static string KindOf(MetricMessage message) => message switch
    {
        { Train: true } => "train",
        { TestOnLocalUpdates: true } => "testOnLocalUpdates",
        { TestOnGlobalUpdates: true } => "testOnGlobalUpdates",
        _ => "test",
    };

    private Task? Missing(IReadOnlyCollection<string> succeeded)
    {
        lock (_lock)
        {
            return succeeded.Any(node => _reporters.Contains(node) && !_nodes.ContainsKey(node)) ? _changed.Task : null;
        }
    }
}
