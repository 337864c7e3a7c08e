using System.Globalization;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// FedProx: each node minimises its own loss plus the proximal term (mu / 2) |w - w_round|^2, which keeps it near the global parameters however many steps
/// it takes; updates are then averaged (Li et al. 2020, "Federated Optimization in Heterogeneous Networks", algorithm 2).
/// </summary>
/// <remarks>
/// The term is the nodes' side: mu travels as the training argument <c>fedprox_mu</c>, which Fed-BioMed's PyTorch plans apply, and .NET plans by
/// <see cref="GradientCorrection"/> or <see cref="SgdTrainingPlan{T}"/>. The mean is that of <see cref="FedAvg"/>, by default weighted by sample count.
/// </remarks>
public sealed class FedProx : IEarlyAggregator
{
    private readonly NodeWeighting _weighting = NodeWeighting.SampleCount;

    /// <summary>Makes the rule.</summary>
    /// <param name="mu">The proximal coefficient, finite and at least 0; with 0 the rule is <see cref="FedAvg"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mu"/> is negative, NaN or infinite.</exception>
    public FedProx(double mu) => Mu = RuleOption.NotNegative(mu, nameof(mu));

    /// <inheritdoc/>
    public string Name => "FedProx";

    /// <summary>The proximal coefficient.</summary>
    public double Mu { get; }

    /// <summary>How much each node counts. Default: by sample count.</summary>
    public NodeWeighting Weighting { get => _weighting; init => _weighting = RuleOption.Required(value); }

    /// <inheritdoc/>
    public TrainingArgs AdjustTrainingArgs(TrainingArgs trainingArgs)
    {
        ArgumentNullException.ThrowIfNull(trainingArgs);
        return trainingArgs.FedProxMu is null || trainingArgs.FedProxMu == Mu
            ? trainingArgs with { FedProxMu = Mu }
            : throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"TrainingArgs.FedProxMu is {trainingArgs.FedProxMu} and the rule FedProx was made with mu {Mu}; leave FedProxMu unset, or set both alike."));
    }

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
