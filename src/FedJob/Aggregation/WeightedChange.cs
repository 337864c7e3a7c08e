using System.Numerics;

namespace FedJob.Aggregation;

/// <summary>The weighted sum of the nodes' changes, in double precision and in node order.</summary>
internal static class WeightedChange
{
    /// <summary>Elements converted at a time by rules that compute in double precision: few enough for the stack.</summary>
    public const int RunElements = 512;

    /// <summary>Computes sum_i factor_i (w_i - w) for a run of a block's elements.</summary>
    public static void Sum<T>(TensorBlock<T> block, int start, ReadOnlySpan<double> factors, Span<double> change)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        change.Clear();
        ReadOnlySpan<T> global = block.Global.Slice(start, change.Length);
        for (int n = 0; n < factors.Length; n++)
        {
            ReadOnlySpan<T> update = block.GetUpdate(n).Slice(start, change.Length);
            double factor = factors[n];
            for (int i = 0; i < change.Length; i++)
            {
                change[i] += factor * (double.CreateChecked(update[i]) - double.CreateChecked(global[i]));
            }
        }
    }

    /// <summary>Writes w + rate * direction to the run of the result.</summary>
    public static void Apply<T>(TensorBlock<T> block, int start, double rate, ReadOnlySpan<double> direction)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> global = block.Global.Slice(start, direction.Length);
        Span<T> result = block.Result.Slice(start, direction.Length);
        for (int i = 0; i < direction.Length; i++)
        {
            result[i] = T.CreateChecked(double.CreateChecked(global[i]) + (rate * direction[i]));
        }
    }
}
