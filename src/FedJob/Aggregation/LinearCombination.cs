using System.Numerics;
using System.Numerics.Tensors;

namespace FedJob.Aggregation;

/// <summary>
/// c g + sum_i c_i w_i with g the global parameters and w_i the updates: summed up in double precision in node order and rounded once. An update with
/// coefficient 0 is not read.
/// </summary>
internal sealed class LinearCombination(double[] coefficients, double globalCoefficient = 0) : IRoundAggregation
{
    /// <summary>Small enough that a tile of doubles stays in the nearest cache.</summary>
    private const int Tile = 1024;

    /// <summary>The plain mean of some of the updates.</summary>
    public static LinearCombination MeanOf(IReadOnlyCollection<int> selected, int updates)
    {
        var coefficients = new double[updates];
        foreach (int i in selected)
        {
            coefficients[i] = 1.0 / selected.Count;
        }

        return new LinearCombination(coefficients);
    }

    public void Combine<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<double> sums = stackalloc double[Tile], converted = stackalloc double[Tile];
        for (int start = 0; start < block.Result.Length; start += Tile)
        {
            int count = Math.Min(Tile, block.Result.Length - start);
            Span<double> total = sums[..count], values = converted[..count];
            total.Clear();
            if (globalCoefficient != 0)
            {
                Add(block.Global.Slice(start, count), globalCoefficient, values, total);
            }

            for (int i = 0; i < coefficients.Length; i++)
            {
                if (coefficients[i] != 0)
                {
                    Add(block.GetUpdate(i).Slice(start, count), coefficients[i], values, total);
                }
            }

            TensorPrimitives.ConvertTruncating<double, T>(total, block.Result.Slice(start, count));
        }
    }

    private static void Add<T>(ReadOnlySpan<T> source, double coefficient, Span<double> values, Span<double> total)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        TensorPrimitives.ConvertTruncating(source, values);
        TensorPrimitives.MultiplyAdd(values, coefficient, total, total);
    }
}
