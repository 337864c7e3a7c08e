namespace FedJob.Aggregation;

/// <summary>
/// FedAdam: every coordinate's steps are scaled by a moving mean of its squared changes, v = beta2 v + (1 - beta2) Delta^2,
/// w = w + eta m / (sqrt(v) + tau) (Reddi et al. 2021, "Adaptive Federated Optimization", algorithm 2).
/// </summary>
/// <example><code>var rule = new FedAdam { LearningRate = 0.01, Tau = 1e-3 };</code></example>
public sealed class FedAdam : AdaptiveServerOptimizer
{
    private readonly double _beta2 = 0.99;

    /// <summary>Makes the rule with learning rate 0.1, tau 0.001 and beta1 0.9 and beta2 0.99, the paper's.</summary>
    public FedAdam()
        : base(beta1: 0.9)
    {
    }

    /// <inheritdoc/>
    public override string Name => "FedAdam";

    /// <summary>The decay of the second moment, at least 0 and below 1. Default: 0.99.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside [0, 1) or NaN.</exception>
    public double Beta2 { get => _beta2; init => _beta2 = RuleOption.Decay(value); }

    /// <inheritdoc/>
    protected override double SecondDecay => _beta2;

    /// <inheritdoc/>
    protected override double Renew(double secondMoment, double square) => (_beta2 * secondMoment) + ((1 - _beta2) * square);
}
