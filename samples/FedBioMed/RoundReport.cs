using FedJob.Rounds;

namespace FedBioMed;

/// <summary>What a round came to.</summary>
/// <param name="Round">The round, counted from 0; after the last one for the round that only validates.</param>
/// <param name="Training">Whether nodes trained in it.</param>
/// <param name="Outcome">Completed, Degraded or Failed.</param>
/// <param name="Verdicts">One for each node.</param>
/// <param name="Metrics">The last value of each metric, by node, kind (train, testOnGlobalUpdates, testOnLocalUpdates) and name.</param>
/// <param name="Time">How long the round took.</param>
internal sealed record RoundReport(
    int Round,
    bool Training,
    string Outcome,
    IReadOnlyList<NodeVerdict> Verdicts,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>>> Metrics,
    TimeSpan Time)
{
    public int Succeeded => Verdicts.Count(v => v.Kind == VerdictKind.Succeeded);

    public long SampleCount => Verdicts.Sum(v => v.SampleCount ?? 0);

    /// <summary>The mean of each metric over the nodes, e.g. <c>Loss 0.31</c>; empty without any.</summary>
    public string MetricLine => string.Join(
        ", ",
        Metrics.Values.SelectMany(kinds => kinds).SelectMany(kind => kind.Value.Select(metric => (Kind: kind.Key, metric.Key, metric.Value)))
            .GroupBy(metric => (metric.Kind, metric.Key))
            .Select(group => $"{group.Key.Key}{(group.Key.Kind == "train" ? string.Empty : $" ({group.Key.Kind})")} {group.Average(m => m.Value):0.####}"));
}
