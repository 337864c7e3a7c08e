namespace FedJob.Aggregation;

/// <summary>
/// The geometric median: the point whose distances to the updates have the least sum, w = argmin_z sum_i |z - w_i|, by the smoothed Weiszfeld iteration
/// z = sum_i b_i w_i / sum_i b_i with b_i = 1 / max(nu, |z - w_i|), begun at the global parameters (Pillutla, Kakade, Harchaoui 2019, "Robust
/// Aggregation for Federated Learning", algorithm 2; RFA).
/// </summary>
/// <remarks>
/// Bounded as long as fewer than half of the updates are hostile, and defined for any number. All updates count alike (alpha_i = 1/n in the paper): a
/// sample count is a node's own word. Each iteration reads all updates once; three to five come close, as the paper says.
/// </remarks>
public sealed class GeometricMedian : IAggregator
{
    /// <summary>Makes the rule.</summary>
    /// <param name="smoothing">nu, the distance below which updates count alike, in units of the parameters' norm; above 0, finite. Default: 1e-6.</param>
    /// <param name="maximumIterations">The most iterations of a round, 1 to 10,000. Default: 20.</param>
    /// <param name="tolerance">The iteration ends when the sum of distances falls by less than this share; at least 0, below 1. Default: 1e-6.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public GeometricMedian(double smoothing = 1e-6, int maximumIterations = 20, double tolerance = 1e-6)
    {
        Smoothing = double.IsFinite(smoothing) && smoothing > 0
            ? smoothing
            : throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "GeometricMedian's smoothing nu must be above 0 and finite.");
        MaximumIterations = maximumIterations is >= 1 and <= 10_000
            ? maximumIterations
            : throw new ArgumentOutOfRangeException(nameof(maximumIterations), maximumIterations, "GeometricMedian's iterations must be 1 to 10,000.");
        Tolerance = tolerance is >= 0 and < 1
            ? tolerance
            : throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "GeometricMedian's tolerance must be at least 0 and below 1.");
    }

    /// <inheritdoc/>
    public string Name => "GeometricMedian";

    /// <summary>nu, the distance below which updates count alike.</summary>
    public double Smoothing { get; }

    /// <summary>The most iterations of a round.</summary>
    public int MaximumIterations { get; }

    /// <summary>The iteration ends when the sum of distances falls by less than this share.</summary>
    public double Tolerance { get; }

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var tiles = new FloatingTiles(context);
        double[] weights = Weigh(UpdateNorms.Distances(tiles, new double[context.Updates.Count], globalWeight: 1));
        double objective = double.PositiveInfinity;
        for (int i = 1; i < MaximumIterations; i++)
        {
            double[] distances = UpdateNorms.Distances(tiles, weights, globalWeight: 0);
            double sum = distances.Sum();
            weights = Weigh(distances);
            if (sum >= objective * (1 - Tolerance))
            {
                break;
            }

            objective = sum;
        }

        return new LinearCombination(weights);
    }

    /// <summary>Shares in inverse proportion to the distances. An update whose distance leaves the range of a double gets none.</summary>
    private double[] Weigh(double[] distances)
    {
        double least = Math.Max(Smoothing, distances.Min());
        double[] weights = [.. distances.Select(d => least / Math.Max(Smoothing, d))];
        double sum = weights.Sum();
        return double.IsFinite(least)
            ? [.. weights.Select(w => w / sum)]
            : throw new AggregationException(
                "GeometricMedian cannot measure the updates: all of them are farther from the model than a double can say. Check the nodes' learning rates.");
    }
}
