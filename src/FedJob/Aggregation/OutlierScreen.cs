namespace FedJob.Aggregation;

/// <summary>Scores the updates of a round by <see cref="OutlierGuard"/>.</summary>
internal static class OutlierScreen
{
    /// <summary>The standard deviation of a normal distribution in units of its MAD.</summary>
    private const double DeviationsPerMad = 1.4826;

    /// <summary>Scores them.</summary>
    /// <param name="guard">What an outlier is.</param>
    /// <param name="updates">Node and distance to the global parameters (<see cref="UpdateDistance"/>) of each update.</param>
    public static IReadOnlyList<ScreenedUpdate> Screen(OutlierGuard guard, IReadOnlyList<(string NodeId, double Norm)> updates)
    {
        double[] norms = [.. updates.Select(u => u.Norm)];
        double[] scores = Scores(norms, guard.MinimumSpread);
        return
        [
            .. updates.Select((update, i) => new ScreenedUpdate
            {
                NodeId = update.NodeId,
                Norm = update.Norm,
                Score = scores[i],
                IsOutlier = scores[i] > guard.Threshold,
                Excluded = scores[i] > guard.Threshold && guard.Action == OutlierAction.Exclude,
            }),
        ];
    }

    internal static double[] Scores(double[] norms, double minimumSpread)
    {
        double median = Median(norms);
        double[] deviations = [.. norms.Select(r => r == median ? 0 : r - median)];
        double spread = Math.Max(DeviationsPerMad * Median([.. deviations.Select(Math.Abs)]), minimumSpread * median);

        // Neither 0 / 0 nor infinity / infinity: who is where most are is no outlier.
        return [.. deviations.Select(d => d == 0 || !double.IsFinite(spread) ? 0 : d / spread)];
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] * 0.5) + (sorted[sorted.Length / 2] * 0.5);
    }
}
