namespace FedJob.Aggregation;

/// <summary>
/// FedAdagrad: every coordinate's steps shrink with all the change it has seen, v = v + Delta^2,
/// w = w + eta m / (sqrt(v) + tau) (Reddi et al. 2021, "Adaptive Federated Optimization", algorithm 2).
/// </summary>
/// <example><code>var rule = new FedAdagrad { LearningRate = 0.01, Tau = 1e-3 };</code></example>
public sealed class FedAdagrad : AdaptiveServerOptimizer
{
    /// <summary>Makes the rule with learning rate 0.1, tau 0.001 and beta1 0, the paper's.</summary>
    public FedAdagrad()
        : base(beta1: 0)
    {
    }

    /// <inheritdoc/>
    public override string Name => "FedAdagrad";

    /// <inheritdoc/>
    protected override double Renew(double secondMoment, double square) => secondMoment + square;
}
