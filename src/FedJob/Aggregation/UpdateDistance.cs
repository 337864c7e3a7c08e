using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// How far an update is from the global parameters: |w - g|, Euclidean, over all floating-point tensors, in double precision. One pass over both, the same
/// bits on every processor: four partial sums whatever the width of its registers, nothing fused.
/// </summary>
internal static class UpdateDistance
{
    private const int Block = 1 << 16;
    private const int Tile = 1024;

    /// <summary>The distance; infinite where it exceeds the range of a double, not finite where an element is not.</summary>
    public static double ToGlobal(ModelParameters update, ModelParameters global, CancellationToken cancellationToken)
    {
        double square = 0;
        foreach ((string name, ParameterTensor tensor) in global)
        {
            square += tensor.ElementType switch
            {
                TensorElementType.Float32 => Sum<float>(update[name], tensor, SquaredDistance, cancellationToken),
                TensorElementType.Float64 => Sum<double>(update[name], tensor, FloatingTiles.SquaredDistance, cancellationToken),
                TensorElementType.Float16 => Sum<Half>(update[name], tensor, ConvertedDistance, cancellationToken),
                _ => 0,
            };
        }

        return Math.Sqrt(square);
    }

    /// <summary>|w_i - g| of each update of a round, in their order.</summary>
    public static double[] ToGlobal(AggregationContext context) =>
        [.. context.Updates.Select(u => ToGlobal(u.Parameters, context.Global, context.CancellationToken))];

    private static double Sum<T>(
        ParameterTensor update, ParameterTensor global, Func<ReadOnlySpan<T>, ReadOnlySpan<T>, double> squaredDistance, CancellationToken cancellationToken)
        where T : unmanaged
    {
        double square = 0;
        for (long start = 0; start < global.ElementCount; start += Block)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(Block, global.ElementCount - start);
            square += squaredDistance(update.AsSpan<T>(start, count), global.AsSpan<T>(start, count));
        }

        return square;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // the first round is as fast as the others
    private static double SquaredDistance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ref float left = ref MemoryMarshal.GetReference(a);
        ref float right = ref MemoryMarshal.GetReference(b);
        Vector256<double> sums = Vector256<double>.Zero;
        int i = 0;
        for (; i <= a.Length - Vector128<float>.Count; i += Vector128<float>.Count)
        {
            // Both spans have the same length, which the loop keeps within.
            Vector256<double> difference = Widen(Vector128.LoadUnsafe(ref left, (nuint)i)) - Widen(Vector128.LoadUnsafe(ref right, (nuint)i));
            sums += difference * difference;
        }

        double sum = Vector256.Sum(sums);
        for (; i < a.Length; i++)
        {
            double difference = (double)a[i] - b[i];
            sum += difference * difference;
        }

        return sum;
    }

    private static Vector256<double> Widen(Vector128<float> values) => Vector256.WidenLower(values.ToVector256Unsafe());

    private static double ConvertedDistance<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged, INumberBase<T>
    {
        Span<double> left = stackalloc double[Tile], right = stackalloc double[Tile];
        double square = 0;
        for (int start = 0; start < a.Length; start += Tile)
        {
            int count = Math.Min(Tile, a.Length - start);
            TensorPrimitives.ConvertTruncating(a.Slice(start, count), left);
            TensorPrimitives.ConvertTruncating(b.Slice(start, count), right);
            square += FloatingTiles.SquaredDistance(left[..count], right[..count]);
        }

        return square;
    }
}
