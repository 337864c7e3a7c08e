using System.Numerics;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>
/// A rule that takes the mean change of the nodes, Delta = sum_i p_i (w_i - w), for a gradient and makes a step of an optimizer with it,
/// w = w + learning rate * d (Reddi et al. 2021, "Adaptive Federated Optimization", algorithms 1 and 2). Derive a rule by writing <see cref="Step"/>.
/// </summary>
/// <remarks>
/// Steps are computed in double precision; the moments are kept in the precision of each tensor (float32 for float16) and are part of the rule's state. Running means and
/// variances of batch normalisation (<c>running_mean</c>, <c>running_var</c>) get the weighted mean instead of a step. One instance serves one job.
/// </remarks>
public abstract class ServerOptimizer : IAggregator
{
    private const string StepsKey = "steps";
    private const string FirstKey = "first_moment";
    private const string SecondKey = "second_moment";

    private readonly double _learningRate;
    private readonly NodeWeighting _weighting = NodeWeighting.SampleCount;
    private Memory? _memory;

    /// <summary>Makes the rule.</summary>
    /// <param name="learningRate">The default of <see cref="LearningRate"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not a finite number above 0.</exception>
    protected ServerOptimizer(double learningRate) => _learningRate = RuleOption.Positive(learningRate, nameof(learningRate));

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>The server's learning rate, finite and above 0; eta in the paper.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a finite number above 0.</exception>
    public double LearningRate { get => _learningRate; init => _learningRate = RuleOption.Positive(value); }

    /// <summary>How much each node counts in Delta. Default: by sample count.</summary>
    public NodeWeighting Weighting { get => _weighting; init => _weighting = RuleOption.Required(value); }

    /// <summary>Whether the rule keeps a second moment. Default: <see langword="true"/>.</summary>
    protected virtual bool HasSecondMoment => true;

    /// <inheritdoc/>
    public RoundPreparation PrepareRound(PreparationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _weighting.Check(Name, context.Participants);
        _memory?.CheckFits(context.Global);
        return RoundPreparation.None;
    }

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _memory?.CheckFits(context.Global);
        Memory before = _memory ?? NewMemory(0, context.Global);
        Memory after = NewMemory(before.Steps + 1, context.Global);
        _memory = after;
        return new Round(this, _weighting.SharesOf(Name, context.Updates), before, after);
    }

    /// <inheritdoc/>
    public ParameterMap SaveState()
    {
        if (_memory is not { } memory)
        {
            return ParameterMap.Empty;
        }

        var entries = new List<KeyValuePair<string, ParameterValue>> { new(StepsKey, new ParameterInteger(memory.Steps)), new(FirstKey, memory.First.ToMap()) };
        if (memory.Second is { } second)
        {
            entries.Add(new(SecondKey, second.ToMap()));
        }

        return ParameterMap.Create(entries);
    }

    /// <inheritdoc/>
    public void RestoreState(ParameterMap state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Count == 0)
        {
            _memory = null;
            return;
        }

        _memory = state.TryGetValue(StepsKey, out ParameterValue? steps) && steps is ParameterInteger { Value: > 0 } count
            && state.TryGetValue(FirstKey, out ParameterValue? first) && state.TryGetValue(SecondKey, out ParameterValue? second) == HasSecondMoment
            ? new Memory(count.Value, RuleTensors.From(Name, first), HasSecondMoment ? RuleTensors.From(Name, second) : null)
            : throw RuleTensors.NoStateOf(Name);
    }

    /// <summary>Computes one step: renews the moments and writes the direction. Called for runs of elements, on several threads at once.</summary>
    /// <param name="step">The mean change, the moments, and where the direction goes.</param>
    protected abstract void Step(ServerStep step);

    private Memory NewMemory(long steps, ModelParameters model) =>
        new(steps, RuleTensors.Like(Name, model, wide: true), HasSecondMoment ? RuleTensors.Like(Name, model, wide: true) : null);

    private sealed record Memory(long Steps, RuleTensors First, RuleTensors? Second)
    {
        public void CheckFits(ModelParameters model)
        {
            First.CheckFits(model, wide: true);
            Second?.CheckFits(model, wide: true);
        }
    }

    private sealed class Round(ServerOptimizer rule, double[] shares, Memory before, Memory after) : IRoundAggregation
    {
        private const int RunElements = WeightedChange.RunElements;

        private readonly WeightedMean _mean = new(shares);

        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            if (RunningStatistics.Contains(block.Name))
            {
                _mean.Combine(block);
                return;
            }

            Span<double> room = stackalloc double[4 * RunElements];
            for (int start = 0; start < block.Result.Length; start += RunElements)
            {
                int count = Math.Min(RunElements, block.Result.Length - start);
                Span<double> delta = room[..count], first = room.Slice(RunElements, count), direction = room.Slice(3 * RunElements, count);
                Span<double> second = after.Second is null ? [] : room.Slice(2 * RunElements, count);
                WeightedChange.Sum(block, start, shares, delta);
                before.First.Read(block.Name, block.Start + start, first);
                before.Second?.Read(block.Name, block.Start + start, second);
                direction.Clear();
                rule.Step(new ServerStep(after.Steps, delta, first, second, direction));
                after.First.Write(block.Name, block.Start + start, first);
                after.Second?.Write(block.Name, block.Start + start, second);
                WeightedChange.Apply(block, start, rule.LearningRate, direction);
            }
        }
    }
}
