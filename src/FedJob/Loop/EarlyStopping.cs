namespace FedJob.Loop;

/// <summary>
/// When a run ends before its number of rounds: when a metric has reached a target, or has not become better for a number of rounds (patience; Prechelt 1998,
/// "Early Stopping - But When?"). At least one of both. What it has seen so far is part of the job's checkpoints, so that a resumed run ends in the same round.
/// </summary>
/// <example><code>new EarlyStopping { Metric = new WatchedMetric("loss"), Patience = 5, MinimumDelta = 0.001 }</code></example>
public sealed record EarlyStopping
{
    /// <summary>The metric. Required.</summary>
    public required WatchedMetric Metric { get; init; }

    /// <summary>The run ends when the metric is at least as good as this; finite. Default: no target.</summary>
    public double? Target { get; init; }

    /// <summary>
    /// The run ends after this many rounds in a row without a better value, 1 or more. A round whose value is missing or no finite number is one without.
    /// Default: no patience is kept.
    /// </summary>
    public int? Patience { get; init; }

    /// <summary>By how much a value must be better than the best so far to count as better; finite, at least 0. Default: 0, by anything.</summary>
    public double MinimumDelta { get; init; }

    /// <summary>Whether the run ends here, by what was seen so far.</summary>
    internal EarlyStop? Decide(MetricTracker seen)
    {
        StopReason? reason = Target is { } target && seen.Last is { } last && Metric.Reaches(last, target) ? StopReason.TargetReached
            : Patience is { } patience && seen.WithoutImprovement >= patience ? StopReason.PatienceOver
            : null;
        return reason is { } known && seen.LastRound is { } round
            ? new EarlyStop { Round = round, Reason = known, Metric = Metric.Name, Value = seen.Last, BestRound = seen.BestRound, BestValue = seen.Best }
            : null;
    }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Metric);
        Metric.Validate(nameof(EarlyStopping));
        if (Target is null && Patience is null)
        {
            throw new ArgumentException("EarlyStopping.Target and EarlyStopping.Patience are both unset, so it would never stop: set one of them, or both.");
        }

        if (Target is { } target && !double.IsFinite(target))
        {
            throw new ArgumentException($"EarlyStopping.Target is {target}; allowed: finite numbers.");
        }

        if (Patience < 1)
        {
            throw new ArgumentException($"EarlyStopping.Patience is {Patience}; allowed: 1 round or more.");
        }

        if (!double.IsFinite(MinimumDelta) || MinimumDelta < 0)
        {
            throw new ArgumentException($"EarlyStopping.MinimumDelta is {MinimumDelta}; allowed: finite numbers of at least 0.");
        }
    }
}
