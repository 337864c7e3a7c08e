using System.Numerics;
using FedJob.Aggregation;

namespace FedJob.Benchmarks.Rounds;

/// <summary>FedAvg, with the round added to the first element: else the same updates make the same file each round, which is not uploaded again.</summary>
internal sealed class MovingAverage : IEarlyAggregator
{
    private readonly FedAvg _mean = new();
    private int _round;

    public string Name => _mean.Name;

    public IRoundAggregation BeginRound(AggregationContext context)
    {
        _round = context.Round + 1;
        return BeginEarly([.. context.Updates.Select(u => new ExpectedUpdate(u.NodeId, u.SampleCount))]);
    }

    public IRunningAggregation BeginEarly(IReadOnlyList<ExpectedUpdate> updates) => new Combination(_mean.BeginEarly(updates), () => _round);

    private sealed class Combination(IRunningAggregation mean, Func<int> round) : IRunningAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            Add(block, first: 0);
            Finish(block);
        }

        public void Add<T>(TensorBlock<T> block, int first)
            where T : unmanaged, IFloatingPointIeee754<T> => mean.Add(block, first);

        public void Finish<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            mean.Finish(block);
            block.Result[0] += T.CreateChecked(round());
        }
    }
}
