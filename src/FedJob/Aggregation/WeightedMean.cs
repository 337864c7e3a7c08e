using System.Numerics;
using System.Numerics.Tensors;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>The mean of the updates by fixed shares, in node order; see <see cref="FedAvg"/> for its roundings.</summary>
internal sealed class WeightedMean(double[] shares) : IRunningAggregation
{
    private readonly double _sum = shares.Sum();

    public void Combine<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Add(block, first: 0);
        Finish(block);
    }

    public void Add<T>(TensorBlock<T> block, int first)
        where T : unmanaged, IFloatingPointIeee754<T> => WeightedSum.Add(block, shares, first);

    public void Finish<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (block.Kind == TensorKind.NumPyArray && _sum != 1)
        {
            TensorPrimitives.Divide(block.Result, T.CreateChecked(_sum), block.Result);
        }
    }
}
