using FedJob.Loop;

namespace FedJob.Checkpoints;

/// <summary>What the loop around rounds remembers, as a part of <c>state.json</c>.</summary>
internal static class LoopLines
{
    public static LoopDocument? Write(LoopState state) => state == LoopState.Empty ? null : new LoopDocument
    {
        Pending = state.Pending,
        Stopping = Write(state.Stopping),
        Best = Write(state.Best),
    };

    /// <summary>Reads the state.</summary>
    /// <param name="document">As it was written; null for nothing.</param>
    /// <param name="bestParametersPath">Where the best parameters lie, if a round was the best.</param>
    /// <exception cref="FormatException">FedJob does not write this.</exception>
    public static LoopState Read(LoopDocument? document, string bestParametersPath)
    {
        if (document is null)
        {
            return LoopState.Empty;
        }

        MetricTracker? best = Read(document.Best);
        return new LoopState
        {
            Pending = Round(document.Pending),
            Stopping = Read(document.Stopping),
            Best = best,
            BestParametersPath = best?.BestRound is null ? null : bestParametersPath,
        };
    }

    private static TrackerDocument? Write(MetricTracker? tracker) => tracker is null ? null : new TrackerDocument
    {
        Metric = tracker.Metric.Name,
        HigherIsBetter = tracker.Metric.HigherIsBetter,
        Source = tracker.Metric.Source.ToString(),
        Best = tracker.Best,
        BestRound = tracker.BestRound,
        LastRound = tracker.LastRound,
        Last = tracker.Last,
        WithoutImprovement = tracker.WithoutImprovement,
    };

    private static MetricTracker? Read(TrackerDocument? document) => document switch
    {
        null => null,
        { Metric: var name } when string.IsNullOrWhiteSpace(name) => throw new FormatException("A watched metric has no name."),
        { WithoutImprovement: < 0 and var count } => throw new FormatException($"{count} rounds cannot be without a better value."),
        { Best: { } best } when !double.IsFinite(best) => throw new FormatException($"{best} cannot be the best value of a metric."),
        _ when document.Best is null != document.BestRound is null => throw new FormatException("Of the best round and its value one is missing."),
        _ => new MetricTracker(new WatchedMetric(document.Metric) { HigherIsBetter = document.HigherIsBetter, Source = Source(document.Source) })
        {
            Best = document.Best,
            BestRound = Round(document.BestRound),
            LastRound = Round(document.LastRound),
            Last = document.Last,
            WithoutImprovement = document.WithoutImprovement,
        },
    };

    private static MetricSource Source(string name) => Enum.GetValues<MetricSource>().Where(s => s.ToString() == name).Select(s => (MetricSource?)s).FirstOrDefault()
        ?? throw new FormatException($"'{name}' is no {nameof(MetricSource)}.");

    private static int? Round(int? round) => round is null or >= 0 ? round : throw new FormatException($"There is no round {round}.");
}
