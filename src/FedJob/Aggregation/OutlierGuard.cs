namespace FedJob.Aggregation;

/// <summary>
/// Which updates are outliers, and what happens to them, before any rule combines them. The norm of an update is its Euclidean distance to the global
/// parameters over all floating-point tensors; its score is the robust z-score of that norm among those of the round,
/// z_i = (r_i - med) / max(1.4826 MAD, s med), with med the median of the norms, MAD the median of |r_i - med| and s = <see cref="MinimumSpread"/>
/// (Iglewicz and Hoaglin 1993, "How to Detect and Handle Outliers"; the lower bound keeps a few norms that happen to agree from making outliers of the rest).
/// </summary>
/// <remarks>
/// Only norms that are too large count: a small update does no harm to a mean. Two updates cannot tell which of them is the outlier; from three on, one can be found, and always
/// fewer than half. It is no defence against updates of an ordinary norm in a hostile direction: that is what robust rules are for.
/// </remarks>
public sealed record OutlierGuard
{
    /// <summary>What happens to outliers. Default: they are reported and used.</summary>
    public OutlierAction Action { get; init; } = OutlierAction.Report;

    /// <summary>The score above which an update is an outlier; above 0, finite. Default: 3.5.</summary>
    public double Threshold { get; init; } = 3.5;

    /// <summary>
    /// The least spread that norms are taken to have, as a share of their median; at least 0, at most 10. On skewed data honest norms differ by factors while those of nodes with
    /// like data agree. Default: 1, so that with the default threshold no update below 4.5 times the median is an outlier.
    /// </summary>
    public double MinimumSpread { get; init; } = 1;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Action))
        {
            throw new ArgumentException($"OutlierGuard.Action is {Action}; allowed: None, Report, Exclude.");
        }

        if (!double.IsFinite(Threshold) || Threshold <= 0)
        {
            throw new ArgumentException($"OutlierGuard.Threshold is {Threshold}; allowed: above 0, finite.");
        }

        if (MinimumSpread is not (>= 0 and <= 10))
        {
            throw new ArgumentException($"OutlierGuard.MinimumSpread is {MinimumSpread}; allowed: 0 to 10.");
        }
    }
}
