using System.Numerics;

namespace FedJob.Aggregation;

/// <summary>The first updates of a running combination, without its end.</summary>
internal sealed class FirstSum(IRunningAggregation rule) : IRoundAggregation
{
    public void Combine<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T> => rule.Add(block, first: 0);
}
