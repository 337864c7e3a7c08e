namespace FedJob.Aggregation;

/// <summary>
/// Federated averaging with server momentum: m = beta m + Delta, w = w + eta m (Hsu, Qi and Brown 2019, "Measuring the Effects of Non-Identical Data
/// Distribution for Federated Visual Classification", section 4; SGD with momentum as the server's optimizer in Reddi et al. 2021).
/// </summary>
/// <example><code>var rule = new FedAvgM { LearningRate = 1, Momentum = 0.9 };</code></example>
public sealed class FedAvgM : ServerOptimizer
{
    private readonly double _momentum = 0.9;

    /// <summary>Makes the rule with learning rate 1 and momentum 0.9.</summary>
    public FedAvgM()
        : base(learningRate: 1)
    {
    }

    /// <inheritdoc/>
    public override string Name => "FedAvgM";

    /// <summary>The momentum beta, at least 0 and below 1; with 0 and learning rate 1 the rule is <see cref="FedAvg"/>. Default: 0.9.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside [0, 1) or NaN.</exception>
    public double Momentum { get => _momentum; init => _momentum = RuleOption.Decay(value); }

    /// <inheritdoc/>
    protected override bool HasSecondMoment => false;

    /// <inheritdoc/>
    protected override void Step(ServerStep step)
    {
        for (int i = 0; i < step.Delta.Length; i++)
        {
            step.FirstMoment[i] = (_momentum * step.FirstMoment[i]) + step.Delta[i];
            step.Direction[i] = step.FirstMoment[i];
        }
    }
}
