using System.Numerics;
using FedJob.Aggregation;

namespace FedJob.Benchmarks.Rounds;

/// <summary>FedAvg, with the round added to the first element: else the same updates make the same file each round, which is not uploaded again.</summary>
internal sealed class MovingAverage : IAggregator
{
    private readonly FedAvg _mean = new();

    public string Name => _mean.Name;

    public IRoundAggregation BeginRound(AggregationContext context) => new Combination(_mean.BeginRound(context), context.Round + 1);

    private sealed class Combination(IRoundAggregation mean, int round) : IRoundAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            mean.Combine(block);
            block.Result[0] += T.CreateChecked(round);
        }
    }
}
