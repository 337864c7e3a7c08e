using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace FedJob.Aggregation;

/// <summary>
/// Adds weighted updates to a block, acc = acc + w_i * x_i with two roundings for each update, in order. Four updates are taken in one pass, so that the
/// sums stay in registers meanwhile; each element sees the same operations in the same order as with one update at a time, hence the same bits.
/// </summary>
internal static class WeightedSum
{
    /// <summary>Adds the updates from one index on to the block's result.</summary>
    public static void Add<T>(TensorBlock<T> block, ReadOnlySpan<double> weights, int first = 0)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int i = first;
        if (Vector<T>.IsSupported)
        {
            for (; i + 4 <= block.UpdateCount; i += 4)
            {
                AddFour(block, i, weights.Slice(i, 4));
            }
        }

        for (; i < block.UpdateCount; i++)
        {
            TensorPrimitives.MultiplyAdd(block.GetUpdate(i), T.CreateChecked(weights[i]), block.Result, block.Result);
        }
    }

    private static void AddFour<T>(TensorBlock<T> block, int first, ReadOnlySpan<double> weights)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        (T w0, T w1, T w2, T w3) = (T.CreateChecked(weights[0]), T.CreateChecked(weights[1]), T.CreateChecked(weights[2]), T.CreateChecked(weights[3]));
        ReadOnlySpan<T> x0 = block.GetUpdate(first);
        ReadOnlySpan<T> x1 = block.GetUpdate(first + 1);
        ReadOnlySpan<T> x2 = block.GetUpdate(first + 2);
        ReadOnlySpan<T> x3 = block.GetUpdate(first + 3);
        Span<T> result = block.Result;
        int i = 0;
        ref T r0 = ref MemoryMarshal.GetReference(x0);
        ref T r1 = ref MemoryMarshal.GetReference(x1);
        ref T r2 = ref MemoryMarshal.GetReference(x2);
        ref T r3 = ref MemoryMarshal.GetReference(x3);
        ref T acc = ref MemoryMarshal.GetReference(result);
        (Vector<T> v0, Vector<T> v1, Vector<T> v2, Vector<T> v3) = (new(w0), new(w1), new(w2), new(w3));
        for (; i <= result.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            // Every span has the length of the result, which the loop keeps within.
            Vector<T> sum = Vector.LoadUnsafe(ref acc, (nuint)i);
            sum += Vector.LoadUnsafe(ref r0, (nuint)i) * v0;
            sum += Vector.LoadUnsafe(ref r1, (nuint)i) * v1;
            sum += Vector.LoadUnsafe(ref r2, (nuint)i) * v2;
            sum += Vector.LoadUnsafe(ref r3, (nuint)i) * v3;
            sum.StoreUnsafe(ref acc, (nuint)i);
        }

        for (; i < result.Length; i++)
        {
            T sum = result[i];
            sum += x0[i] * w0;
            sum += x1[i] * w1;
            sum += x2[i] * w2;
            sum += x3[i] * w3;
            result[i] = sum;
        }
    }
}
