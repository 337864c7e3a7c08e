using System.Numerics;
using System.Numerics.Tensors;

namespace FedJob.Aggregation;

/// <summary>
/// The coordinate-wise median: each element of the new parameters is the median of that element in all n updates,
/// w[k] = med { w_i[k] : i = 1..n }; with an even n the mean of the middle two (Yin, Chen, Ramchandran, Bartlett 2018, "Byzantine-Robust Distributed
/// Learning: Towards Optimal Statistical Rates", option I).
/// </summary>
/// <remarks>
/// As long as fewer than half of the updates are hostile, every element lies between two of honest nodes. All updates count alike: a sample count is a node's own
/// word. With one or two nodes this is the mean. On skewed data the median of honest updates may be far from their mean.
/// </remarks>
public sealed class CoordinateWiseMedian : IAggregator
{
    /// <inheritdoc/>
    public string Name => "CoordinateWiseMedian";

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new Median([.. Enumerable.Range(0, context.Updates.Count)]);
    }

    private sealed class Median(int[] all) : IRoundAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            using var sorted = new SortedRows<T>(all.Length);
            for (int start = 0; start < block.Result.Length; start += SortedRows<T>.Width)
            {
                int count = sorted.Load(block, all, start);
                Span<T> result = block.Result.Slice(start, count);
                Span<T> low = sorted[(all.Length - 1) / 2][..count], high = sorted[all.Length / 2][..count];
                low.CopyTo(result);
                if (all.Length % 2 == 0)
                {
                    // low + (high - low) / 2 in halves: neither the sum nor the difference of two large numbers may leave the range.
                    T half = T.CreateChecked(0.5);
                    TensorPrimitives.Multiply(low, half, result);
                    TensorPrimitives.MultiplyAdd(high, half, result, result);
                }
            }
        }
    }
}
