using FedJob.Metrics;
using FedJob.Rounds;

namespace FedJob.Loop;

/// <summary>
/// What the nodes of one round report of metrics that are watched. Begins before the round, since reports travel beside the replies: a report may come before or
/// a moment after the round's end.
/// </summary>
internal sealed class NodeValidation : IDisposable
{
    private readonly IReadOnlyList<WatchedMetric> _metrics;
    private readonly Subscription<NodeMetric> _live;
    private readonly Dictionary<(string NodeId, WatchedMetric Metric), NodeMetric> _last = [];

    public NodeValidation(MetricStore store, IReadOnlyList<WatchedMetric> metrics)
    {
        _metrics = metrics;
        _live = store.Follow(m => metrics.Any(watched => IsOf(m, watched)));
    }

    /// <summary>Takes reports of before, e.g. those that a checkpoint holds.</summary>
    public void Take(IEnumerable<NodeMetric> reports)
    {
        foreach (NodeMetric report in reports)
        {
            foreach (WatchedMetric metric in _metrics.Where(m => IsOf(report, m)))
            {
                _last[(report.NodeId, metric)] = report;
            }
        }
    }

    /// <summary>Waits until every successful participant has reported all, or the wait is over.</summary>
    public async Task WaitAsync(RoundResult round, TimeSpan wait, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        string[] nodes = [.. Succeeded(round).Select(v => v.NodeId)];
        using var over = new CancellationTokenSource(wait, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            do
            {
                while (_live.TryRead(out NodeMetric? report))
                {
                    if (report.Round is null || report.Round == round.Round)
                    {
                        Take([report]);
                    }
                }

                if (nodes.All(n => _metrics.All(m => _last.ContainsKey((n, m)))))
                {
                    return;
                }
            }
            while (await _live.WaitToReadAsync(either.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Who has not reported by now does not count; the caller says so.
        }
    }

    /// <summary>The mean over the successful participants that reported, weighted by the samples each validated on; null where none did.</summary>
    public (double? Mean, int Reports) MeanOf(WatchedMetric metric, RoundResult round)
    {
        (double Value, double Weight)[] values =
        [
            .. Succeeded(round)
                .Where(v => _last.ContainsKey((v.NodeId, metric)))
                .Select(v => (Of: v, Report: _last[(v.NodeId, metric)]))
                .Select(r => (r.Report.Message.Metrics[metric.Name], (double)Math.Max(0, r.Report.Message.TotalSamples))),
        ];
        double total = values.Sum(v => v.Weight);
        return (values.Length == 0 ? null : total > 0 ? values.Sum(v => v.Weight == 0 ? 0 : v.Value * (v.Weight / total)) : values.Average(v => v.Value), values.Length);
    }

    public void Dispose() => _live.Dispose();

    private static IEnumerable<NodeVerdict> Succeeded(RoundResult round) => round.Verdicts.Where(v => v.Kind == VerdictKind.Succeeded);

    private static bool IsOf(NodeMetric report, WatchedMetric metric) =>
        report.Message.Metrics.ContainsKey(metric.Name)
        && report.Phase == (metric.Source == MetricSource.ValidationOnGlobalUpdates ? MetricPhase.ValidationOnGlobalUpdates : MetricPhase.ValidationOnLocalUpdates);
}
