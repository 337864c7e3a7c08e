using System.Numerics;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// An order of updates by what they hold, element by element: which of two with equal scores comes first must not depend on what their nodes are called.
/// Compared by their index; read only as far as they are equal.
/// </summary>
internal sealed class UpdateOrder(AggregationContext context) : IComparer<int>
{
    private const int Block = 4096;

    public int Compare(int x, int y)
    {
        foreach ((string name, ParameterTensor tensor) in context.Global)
        {
            int order = tensor.ElementType switch
            {
                TensorElementType.Float32 => Compare<float>(x, y, name),
                TensorElementType.Float64 => Compare<double>(x, y, name),
                TensorElementType.Float16 => Compare<Half>(x, y, name),
                _ => 0,
            };
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    private int Compare<T>(int x, int y, string name)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ParameterTensor first = context.Updates[x].Parameters[name], second = context.Updates[y].Parameters[name];
        for (long start = 0; start < first.ElementCount; start += Block)
        {
            int count = (int)Math.Min(Block, first.ElementCount - start);
            ReadOnlySpan<T> left = first.AsSpan<T>(start, count), right = second.AsSpan<T>(start, count);
            int equal = left.CommonPrefixLength(right);
            if (equal < count)
            {
                return left[equal].CompareTo(right[equal]);
            }
        }

        return 0;
    }
}
