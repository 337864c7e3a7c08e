using System.Numerics;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// FedNova: normalised averaging, so that nodes which make more local steps do not pull the model towards their own optimum,
/// w = w + tau_eff sum_i p_i (w_i - w) / |a_i|, tau_eff = sum_i p_i |a_i| (Wang et al. 2020, "Tackling the Objective Inconsistency Problem in Heterogeneous
/// Federated Optimization", equation 6 and section 4).
/// </summary>
/// <remarks>
/// a_i has one entry a local step, and |a_i| is its 1-norm: the number of steps tau_i for plain SGD; (tau - rho (1 - rho^tau) / (1 - rho)) / (1 - rho) with local
/// momentum rho; (1 - (1 - alpha)^tau) / alpha with a proximal term, alpha = lr mu. tau_i comes from the node where it is a FedJob node whose plan told it
/// (<see cref="TrainingResult.UpdateCount"/>), else from the training arguments it was sent: the update count, or epochs times ceil(samples / batch size).
/// Nodes may so be given different numbers of steps. Batch normalisation's running statistics get the weighted mean.
/// </remarks>
/// <example><code>var rule = new FedNova();   // with TrainingArgs { UpdateCount = 20 } or { Epochs = 2, BatchSize = 32 }</code></example>
public sealed class FedNova : IAggregator
{
    private readonly NodeWeighting _weighting = NodeWeighting.SampleCount;
    private readonly double _momentum;

    /// <inheritdoc/>
    public string Name => "FedNova";

    /// <summary>How much each node counts: p_i. Default: by sample count.</summary>
    public NodeWeighting Weighting { get => _weighting; init => _weighting = RuleOption.Required(value); }

    /// <summary>The momentum rho of the nodes' optimizer, at least 0 and below 1. Default: 0, plain SGD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside [0, 1) or NaN.</exception>
    public double LocalMomentum { get => _momentum; init => _momentum = RuleOption.Decay(value); }

    /// <inheritdoc/>
    public TrainingArgs AdjustTrainingArgs(TrainingArgs trainingArgs)
    {
        ArgumentNullException.ThrowIfNull(trainingArgs);
        LocalTraining.CheckSteps(Name, trainingArgs);
        return trainingArgs.FedProxMu is > 0 && _momentum > 0
            ? throw new ArgumentException(
                $"FedNova knows the norm of local steps with momentum ({_momentum}) or with a proximal term (FedProxMu {trainingArgs.FedProxMu}), not with both: leave one at 0.")
            : trainingArgs;
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
        double[] shares = _weighting.SharesOf(Name, context.Updates);
        return new Round(shares, [.. context.Updates.Select(NormOf)]);
    }

    /// <summary>|a_i|, at least 1 for plain SGD.</summary>
    private double NormOf(NodeUpdate update)
    {
        double steps = LocalTraining.StepsOf(Name, update);
        if (_momentum > 0)
        {
            return (steps - (_momentum * (1 - Math.Pow(_momentum, steps)) / (1 - _momentum))) / (1 - _momentum);
        }

        if (update.TrainingArgs.FedProxMu is not (> 0 and { } mu))
        {
            return steps;
        }

        double alpha = mu * LocalTraining.RateOf(Name, update, update.Parameters.Names[0]);
        return alpha < 1
            ? (1 - Math.Pow(1 - alpha, steps)) / alpha
            : throw new AggregationException($"FedNova: learning rate times mu is {alpha} at node '{update.NodeId}'; it must be below 1 for a proximal descent.");
    }

    private sealed class Round(double[] shares, double[] norms) : IRoundAggregation
    {
        private readonly WeightedMean _mean = new(shares);

        /// <summary>tau_eff p_i / |a_i|: what each node's change counts.</summary>
        private readonly double[] _factors = [.. shares.Select((p, i) => shares.Zip(norms, (q, a) => q * a).Sum() * p / norms[i])];

        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            if (RunningStatistics.Contains(block.Name))
            {
                _mean.Combine(block);
                return;
            }

            Span<double> room = stackalloc double[WeightedChange.RunElements];
            for (int start = 0; start < block.Result.Length; start += room.Length)
            {
                Span<double> change = room[..Math.Min(room.Length, block.Result.Length - start)];
                WeightedChange.Sum(block, start, _factors, change);
                WeightedChange.Apply(block, start, 1, change);
            }
        }
    }
}
