namespace FedJob.Loop;

/// <summary>
/// Keeps the parameters of the best round so far: <see cref="Job.Best"/> names round, value and file, and checkpoints of the job hold them. Between equal
/// values the earlier round stays the best.
/// </summary>
public sealed record KeepBest
{
    /// <summary>
    /// The metric. Required. Of <see cref="MetricSource.ValidationOnGlobalUpdates"/> the parameters are those the round began with, since those were validated;
    /// otherwise those it ended with.
    /// </summary>
    public required WatchedMetric Metric { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Metric);
        Metric.Validate(nameof(KeepBest));
    }
}
