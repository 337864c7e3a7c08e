namespace FedJob.Aggregation;

/// <summary>
/// What the adaptive server optimizers have in common: m = beta1 m + (1 - beta1) Delta, v by the rule, w = w + eta m / (sqrt(v) + tau), with m = v = 0 at the
/// start (Reddi et al. 2021, "Adaptive Federated Optimization", algorithm 2).
/// </summary>
public abstract class AdaptiveServerOptimizer : ServerOptimizer
{
    private readonly double _beta1;
    private readonly double _tau = 1e-3;

    /// <summary>Makes the rule with learning rate 0.1 and tau 0.001.</summary>
    /// <param name="beta1">The default of <see cref="Beta1"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside [0, 1) or NaN.</exception>
    protected AdaptiveServerOptimizer(double beta1)
        : base(learningRate: 0.1) => _beta1 = RuleOption.Decay(beta1, nameof(beta1));

    /// <summary>The decay of the first moment, at least 0 and below 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside [0, 1) or NaN.</exception>
    public double Beta1 { get => _beta1; init => _beta1 = RuleOption.Decay(value); }

    /// <summary>The degree of adaptivity, finite and above 0: what keeps the quotient bounded where v is small. Default: 0.001, the paper's.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a finite number above 0.</exception>
    public double Tau { get => _tau; init => _tau = RuleOption.Positive(value); }

    /// <summary>
    /// Whether moments that decay are divided by 1 - beta^t, as Adam does for its first steps (Kingma and Ba 2015). The paper leaves that out.
    /// Default: <see langword="false"/>.
    /// </summary>
    public bool BiasCorrection { get; init; }

    /// <summary>The decay of the second moment; 0 where it only grows, which has no bias.</summary>
    protected virtual double SecondDecay => 0;

    /// <summary>The new second moment of one element.</summary>
    /// <param name="secondMoment">The old one, v.</param>
    /// <param name="square">Delta^2.</param>
    /// <returns>The new v, at least 0.</returns>
    protected abstract double Renew(double secondMoment, double square);

    /// <inheritdoc/>
    protected sealed override void Step(ServerStep step)
    {
        double firstBias = BiasCorrection ? 1 - Math.Pow(_beta1, step.Number) : 1;
        double secondBias = BiasCorrection && SecondDecay > 0 ? 1 - Math.Pow(SecondDecay, step.Number) : 1;
        for (int i = 0; i < step.Delta.Length; i++)
        {
            double delta = step.Delta[i];
            double first = (_beta1 * step.FirstMoment[i]) + ((1 - _beta1) * delta);
            double second = Renew(step.SecondMoment[i], delta * delta);
            (step.FirstMoment[i], step.SecondMoment[i]) = (first, second);
            step.Direction[i] = first / firstBias / (Math.Sqrt(second / secondBias) + Tau);
        }
    }
}
