namespace FedJob.Aggregation;

/// <summary>
/// Federated averaging: the new parameters are the mean of the nodes' parameters, each weighted with its share, by default of the samples,
/// w = sum_i (n_i / n) w_i (McMahan et al. 2017, "Communication-Efficient Learning of Deep Networks from Decentralized Data", algorithm 1).
/// </summary>
/// <remarks>
/// Shares are computed in double precision and rounded once to the element type; then acc = acc + share_i * w_i, with two roundings and
/// no fused multiply-add, in node order. For float32 these are the bits that Fed-BioMed 4.5 computes for PyTorch models. NumPy arrays are divided by
/// the sum of the shares at the end, which need not be 1 to the last bit, as <c>numpy.average</c> does for scikit-learn models.
/// </remarks>
public sealed class FedAvg : IEarlyAggregator
{
    private readonly NodeWeighting _weighting = NodeWeighting.SampleCount;

    /// <inheritdoc/>
    public string Name => "FedAvg";

    /// <summary>How much each node counts. Default: by sample count.</summary>
    public NodeWeighting Weighting { get => _weighting; init => _weighting = RuleOption.Required(value); }

    /// <inheritdoc/>
    public RoundPreparation PrepareRound(PreparationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _weighting.Check(Name, context.Participants);
        return RoundPreparation.None;
    }

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new WeightedMean(_weighting.SharesOf(Name, context.Updates));
    }

    /// <inheritdoc/>
    public IRunningAggregation BeginEarly(IReadOnlyList<ExpectedUpdate> updates)
    {
        ArgumentNullException.ThrowIfNull(updates);
        return new WeightedMean(_weighting.SharesOf(Name, updates));
    }
}
