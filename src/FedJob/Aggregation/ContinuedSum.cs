using System.Numerics;

namespace FedJob.Aggregation;

/// <summary>A running combination that goes on after its first updates, whose sum lies in a file.</summary>
internal sealed class ContinuedSum(IRunningAggregation rule, RunningSums sums, int first) : IRoundAggregation
{
    public void Combine<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        sums.Read(block.Name, block.Start, block.Result);
        rule.Add(block, first);
        rule.Finish(block);
    }
}
