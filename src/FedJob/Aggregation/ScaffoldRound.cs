using System.Numerics;
using System.Numerics.Tensors;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>Combines the blocks of one round of <see cref="Scaffold"/>, in the precision of the tensors and with the roundings of Fed-BioMed 4.5's.</summary>
internal sealed class ScaffoldRound : IRoundAggregation
{
    private const int RunElements = 1024;

    private readonly Scaffold _rule;
    private readonly ScaffoldMemory _before;
    private readonly ScaffoldMemory _after;
    private readonly bool _uniform;
    private readonly double[] _shares;

    /// <summary>K lr_i of each tensor and update.</summary>
    private readonly Dictionary<string, double[]> _pathLengths;
    private readonly WeightedMean _mean;
    private readonly (string NodeId, int Update, double Share)[] _nodes;

    public ScaffoldRound(Scaffold rule, AggregationContext context, ScaffoldMemory before, ScaffoldMemory after)
    {
        (_rule, _before, _after) = (rule, before, after);
        _uniform = ReferenceEquals(rule.Weighting, NodeWeighting.Uniform);
        _shares = rule.Weighting.SharesOf(rule.Name, context.Updates);

        // Before any block: JSON nodes must not be read on several threads.
        double[] steps = [.. context.Updates.Select(u => LocalTraining.StepsOf(rule.Name, u))];
        _pathLengths = context.Global.Where(t => t.Value.ElementType.IsFloatingPoint() && !RunningStatistics.Contains(t.Key)).ToDictionary(
            t => t.Key, t => context.Updates.Select((u, i) => steps[i] * LocalTraining.RateOf(rule.Name, u, t.Key)).ToArray(), StringComparer.Ordinal);
        _mean = new WeightedMean(_shares);
        var places = context.Updates.Select((u, i) => (u.NodeId, i)).ToDictionary(u => u.NodeId, u => u.i, StringComparer.Ordinal);
        double total = context.Nodes.Sum(after.Weight);
        _nodes = [.. context.Nodes.Order(StringComparer.Ordinal).Select(n => (n, places.GetValueOrDefault(n, -1), after.Weight(n) / total))];
    }

    public void Combine<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (RunningStatistics.Contains(block.Name))
        {
            _mean.Combine(block);
            return;
        }

        Descend(block);
        RenewStates(block);
    }

    /// <summary>w - eta sum_i p_i (w - w_i).</summary>
    private void Descend<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<T> room = stackalloc T[RunElements];
        T factor = T.CreateChecked(_uniform ? _rule.LearningRate / _shares.Length : _rule.LearningRate);
        for (int start = 0; start < block.Result.Length; start += RunElements)
        {
            int count = Math.Min(RunElements, block.Result.Length - start);
            ReadOnlySpan<T> global = block.Global.Slice(start, count);
            Span<T> change = room[..count], result = block.Result.Slice(start, count);
            for (int i = 0; i < _shares.Length; i++)
            {
                TensorPrimitives.Subtract(global, block.GetUpdate(i).Slice(start, count), change);
                if (_uniform)
                {
                    TensorPrimitives.Add(result, change, result);
                }
                else
                {
                    TensorPrimitives.MultiplyAdd(change, T.CreateChecked(_shares[i]), result, result);
                }
            }

            TensorPrimitives.Multiply(result, factor, result);
            TensorPrimitives.Subtract(global, result, result);
        }
    }

    /// <summary>c_i = d_i + (w - w_i) / (K lr_i) with d_i = c_i - c where a node took part, the others keep theirs; c = their mean.</summary>
    private void RenewStates<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int count = block.Result.Length;
        Span<T> mean = _after.Global.Block<T>(block.Name, block.Start, count);
        foreach ((string nodeId, int update, double share) in _nodes)
        {
            Span<T> state = _after.State(nodeId).Block<T>(block.Name, block.Start, count);
            if (update >= 0)
            {
                RenewState(block, nodeId, update, state);
            }

            if (_uniform)
            {
                TensorPrimitives.Add(mean, state, mean);
            }
            else
            {
                TensorPrimitives.MultiplyAdd(state, T.CreateChecked(share), mean, mean);
            }
        }

        if (_uniform)
        {
            TensorPrimitives.Divide(mean, T.CreateChecked(_nodes.Length), mean);
        }

        FiniteResult.Check<T>(_rule.Name, block.Name, block.Start, mean);
    }

    private void RenewState<T>(TensorBlock<T> block, string nodeId, int update, Span<T> state)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<T> room = stackalloc T[RunElements];
        T pathLength = T.CreateChecked(_pathLengths[block.Name][update]);
        for (int start = 0; start < state.Length; start += RunElements)
        {
            Span<T> run = state.Slice(start, Math.Min(RunElements, state.Length - start)), correction = room[..run.Length];
            TensorPrimitives.Subtract(
                _before.State(nodeId).Block<T>(block.Name, block.Start + start, run.Length), _before.Global.Block<T>(block.Name, block.Start + start, run.Length), correction);
            TensorPrimitives.Subtract(block.Global.Slice(start, run.Length), block.GetUpdate(update).Slice(start, run.Length), run);
            TensorPrimitives.Divide(run, pathLength, run);
            TensorPrimitives.Add(correction, run, run);
        }
    }
}
