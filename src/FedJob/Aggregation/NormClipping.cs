namespace FedJob.Aggregation;

/// <summary>
/// Norm clipping: the difference of each update to the global parameters g is scaled down to a norm of at most M, then averaged by sample count,
/// w = g + sum_i (n_i / n) (w_i - g) / max(1, |w_i - g| / M) (Sun, Kairouz, Suresh, McMahan 2019, "Can You Really Backdoor Federated Learning?",
/// section 5.1; without the noise that makes it differentially private).
/// </summary>
/// <remarks>
/// The global parameters move by at most M a round, whatever nodes send and whatever sample counts they claim. It bounds the harm and does not remove it:
/// hostile updates within M still count. The norm is Euclidean, over all floating-point tensors together.
/// </remarks>
public sealed class NormClipping : IAggregator
{
    /// <summary>Makes the rule.</summary>
    /// <param name="maximumNorm">M, in units of the parameters; above 0, finite. The median of <c>RoundResult.ScreenedUpdates</c>' norms of a calm round is a good start.</param>
    /// <exception cref="ArgumentOutOfRangeException">The norm is not above 0 and finite.</exception>
    public NormClipping(double maximumNorm) => MaximumNorm = double.IsFinite(maximumNorm) && maximumNorm > 0
        ? maximumNorm
        : throw new ArgumentOutOfRangeException(nameof(maximumNorm), maximumNorm, "NormClipping's maximum norm must be above 0 and finite.");

    /// <inheritdoc/>
    public string Name => "NormClipping";

    /// <summary>M, the norm to which differences are scaled down.</summary>
    public double MaximumNorm { get; }

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        double[] norms = UpdateDistance.ToGlobal(context);
        double total = context.Updates.Sum(u => (double)u.SampleCount);
        var coefficients = new double[norms.Length];
        double global = 0;
        for (int i = 0; i < norms.Length; i++)
        {
            // M / infinity is 0: an update that cannot be measured is left out, and the model stays where it is by that node's share.
            double share = context.Updates[i].SampleCount / total;
            double scale = 1 / Math.Max(1, norms[i] / MaximumNorm);
            coefficients[i] = share * scale;
            global += share * (1 - scale);
        }

        return new LinearCombination(coefficients, global);
    }
}
