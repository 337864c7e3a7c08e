using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Nodes;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Checkpoints;

/// <summary>Adds the rounds it has seen to the mean of the updates: a rule whose result depends on what it remembers.</summary>
internal sealed class CountingRule : IAggregator
{
    public long Rounds { get; private set; }

    public string Name => "Counting";

    public Exception? Throws { get; set; }

    public IRoundAggregation BeginRound(AggregationContext context)
    {
        Rounds++;
        return new Mean(Rounds, context.Updates.Count);
    }

    public ParameterMap SaveState() => Throws is null
        ? ParameterMap.Create([new("rounds", new ParameterInteger(Rounds)), new("tensor", new ParameterTensorValue(ParameterTensor.FromArray([1.5f, Rounds])))])
        : throw Throws;

    public void RestoreState(ParameterMap state) => Rounds = state.TryGetValue("rounds", out ParameterValue? rounds) ? ((ParameterInteger)rounds).Value : 0;

    private sealed class Mean(long rounds, int updates) : IRoundAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        {
            for (int i = 0; i < block.Result.Length; i++)
            {
                for (int u = 0; u < updates; u++)
                {
                    block.Result[i] += block.GetUpdate(u)[i] / T.CreateChecked(updates);
                }

                block.Result[i] += T.CreateChecked(rounds);
            }
        }
    }
}

/// <summary>Chooses one node after the other: a sampler that remembers.</summary>
internal sealed class RoundRobin : INodeSampler
{
    private long _next;

    public IReadOnlyList<string> Sample(SamplingContext context) => [context.Data.Nodes[(int)(_next++ % context.Data.Nodes.Count)]];

    public ParameterMap SaveState() => ParameterMap.Create([new("next", new ParameterInteger(_next))]);

    public void RestoreState(ParameterMap state) => _next = state.TryGetValue("next", out ParameterValue? next) ? ((ParameterInteger)next).Value : 0;
}
