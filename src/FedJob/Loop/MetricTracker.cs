namespace FedJob.Loop;

/// <summary>What was seen of a metric from round to round; part of a job's checkpoints.</summary>
internal sealed record MetricTracker(WatchedMetric Metric)
{
    public double? Best { get; init; }

    public int? BestRound { get; init; }

    /// <summary>The last round that was looked at.</summary>
    public int? LastRound { get; init; }

    /// <summary>Its value; null where it had none.</summary>
    public double? Last { get; init; }

    /// <summary>Rounds in a row without a better value.</summary>
    public int WithoutImprovement { get; init; }

    /// <summary>What was seen so far, if it is of this metric; otherwise nothing yet.</summary>
    public static MetricTracker Of(WatchedMetric metric, MetricTracker? earlier) => earlier?.Metric == metric ? earlier : new MetricTracker(metric);

    public bool Improves(double? value, double minimumDelta) =>
        value is { } known && (Best is { } best ? Metric.IsBetter(known, best, minimumDelta) : double.IsFinite(known));

    public MetricTracker With(int round, double? value, double minimumDelta) => Improves(value, minimumDelta)
        ? this with { Best = value, BestRound = round, LastRound = round, Last = value, WithoutImprovement = 0 }
        : this with { LastRound = round, Last = value, WithoutImprovement = WithoutImprovement + 1 };
}
