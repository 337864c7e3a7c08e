using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Nodes;
using FedJob.Protocol.Parameters;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Averages, then goes on half as far as in the round before: what it remembers is a tensor.</summary>
internal sealed class Momentum : IAggregator
{
    private double _velocity;

    public string Name => "Momentum";

    public IRoundAggregation BeginRound(AggregationContext context)
    {
        double before = context.Global["mean"].AsSpan<double>()[0];
        double mean = context.Updates.Average(u => u.Parameters["mean"].AsSpan<double>()[0]);
        _velocity = (_velocity / 2) + mean - before;
        return new Step(_velocity);
    }

    public ParameterMap SaveState() => ParameterMap.Create([new("velocity", new ParameterTensorValue(ParameterTensor.FromArray([_velocity])))]);

    public void RestoreState(ParameterMap state) =>
        _velocity = state.TryGetValue("velocity", out ParameterValue? velocity) ? ((ParameterTensorValue)velocity).Tensor.AsSpan<double>()[0] : 0;

    private sealed class Step(double velocity) : IRoundAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        {
            for (int i = 0; i < block.Result.Length; i++)
            {
                block.Result[i] = block.Global[i] + T.CreateChecked(velocity);
            }
        }
    }
}

/// <summary>Leaves out one node a round, another each time.</summary>
internal sealed class LeaveOneOut : INodeSampler
{
    private long _round;

    public IReadOnlyList<string> Sample(SamplingContext context)
    {
        int left = (int)(_round++ % context.Data.Nodes.Count);
        return [.. context.Data.Nodes.Where((_, i) => i != left)];
    }

    public ParameterMap SaveState() => ParameterMap.Create([new("round", new ParameterInteger(_round))]);

    public void RestoreState(ParameterMap state) => _round = state.TryGetValue("round", out ParameterValue? round) ? ((ParameterInteger)round).Value : 0;
}
