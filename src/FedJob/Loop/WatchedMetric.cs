namespace FedJob.Loop;

/// <summary>A metric by which rounds are compared.</summary>
/// <param name="Name">Its name exactly as it is reported, e.g. <c>accuracy</c>, <c>F1_SCORE</c>, <c>Loss</c>; not blank.</param>
public sealed record WatchedMetric(string Name)
{
    /// <summary>Whether a higher value is better, as for an accuracy; otherwise a lower one, as for a loss. Default: <see langword="false"/>.</summary>
    public bool HigherIsBetter { get; init; }

    /// <summary>Where it comes from. Default: <see cref="MetricSource.Evaluation"/>.</summary>
    public MetricSource Source { get; init; } = MetricSource.Evaluation;

    /// <summary>Whether a value is better than another by more than a difference. What is no finite number is never better.</summary>
    internal bool IsBetter(double value, double than, double by) =>
        double.IsFinite(value) && (HigherIsBetter ? value > than + by : value < than - by);

    internal bool Reaches(double value, double target) => double.IsFinite(value) && (HigherIsBetter ? value >= target : value <= target);

    internal void Validate(string owner)
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            throw new ArgumentException($"{owner}.Metric has a blank name; give the name exactly as it is reported.");
        }

        if (!Enum.IsDefined(Source))
        {
            throw new ArgumentException($"{owner}.Metric.Source is {Source}, which is none of {string.Join(", ", Enum.GetNames<MetricSource>())}.");
        }
    }
}
