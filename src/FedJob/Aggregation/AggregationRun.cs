using System.Numerics;
using System.Runtime.CompilerServices;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// Walks the tensors of a round block by block and lets the rule combine them. Floating-point tensors are the rule's; integers become the
/// sample-weighted mean rounded to the nearest (ties to even), booleans the sample-weighted majority (a tie is true): they are counters and
/// flags, which no rule of the literature speaks of. Complex tensors are refused.
/// </summary>
internal static class AggregationRun
{
    /// <summary>64 Ki elements: small enough to stay in the cache while every update passes over it.</summary>
    private const int BlockElements = 65_536;

    public static ModelParameters Combine(IAggregator aggregator, AggregationContext context, CancellationToken cancellationToken)
    {
        IRoundAggregation round = aggregator.BeginRound(context);
        var result = new ModelParameters();
        foreach ((string name, ParameterTensor global) in context.Global)
        {
            result[name] = (global.ElementType switch
            {
                TensorElementType.Float32 => CombineFloating<float>(aggregator.Name, round, name, global, context.Updates, cancellationToken),
                TensorElementType.Float64 => CombineFloating<double>(aggregator.Name, round, name, global, context.Updates, cancellationToken),
                TensorElementType.Float16 => CombineFloating<Half>(aggregator.Name, round, name, global, context.Updates, cancellationToken),
                TensorElementType.Int8 => CombineIntegers<sbyte>(name, global, context.Updates, cancellationToken),
                TensorElementType.Int16 => CombineIntegers<short>(name, global, context.Updates, cancellationToken),
                TensorElementType.Int32 => CombineIntegers<int>(name, global, context.Updates, cancellationToken),
                TensorElementType.Int64 => CombineIntegers<long>(name, global, context.Updates, cancellationToken),
                TensorElementType.UInt8 => CombineIntegers<byte>(name, global, context.Updates, cancellationToken),
                TensorElementType.UInt16 => CombineIntegers<ushort>(name, global, context.Updates, cancellationToken),
                TensorElementType.UInt32 => CombineIntegers<uint>(name, global, context.Updates, cancellationToken),
                TensorElementType.UInt64 => CombineIntegers<ulong>(name, global, context.Updates, cancellationToken),
                TensorElementType.Bool => CombineBooleans(name, global, context.Updates, cancellationToken),
                _ => throw new AggregationException(
                    $"Tensor '{name}' is {global}; complex numbers have no aggregation rule: send real and imaginary parts as two tensors."),
            }).WithKind(global.Kind);
        }

        return result;
    }

    private static ParameterTensor CombineFloating<T>(
        string rule, IRoundAggregation round, string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates, CancellationToken cancellationToken)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T[] result = NewArray<T>(name, global);
        for (int start = 0; start < result.Length; start += BlockElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(BlockElements, result.Length - start);
            round.Combine(new TensorBlock<T>(name, global, updates, start, result.AsSpan(start, count)));
            FiniteResult.Check(rule, name, start, result.AsSpan(start, count));
        }

        return ParameterTensor.FromMemory<T>(result, global.Shape);
    }

    private static ParameterTensor CombineIntegers<T>(
        string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates, CancellationToken cancellationToken)
        where T : unmanaged, IBinaryInteger<T>
    {
        T[] result = NewArray<T>(name, global);
        Int128 total = Samples(updates);
        var sums = new Int128[Math.Min(BlockElements, result.Length)];
        for (int start = 0; start < result.Length; start += BlockElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<Int128> block = sums.AsSpan(0, Math.Min(BlockElements, result.Length - start));
            block.Clear();
            foreach (NodeUpdate update in updates)
            {
                ReadOnlySpan<T> values = update.Parameters[name].AsSpan<T>(start, block.Length);
                for (int i = 0; i < block.Length; i++)
                {
                    block[i] += update.SampleCount * Int128.CreateChecked(values[i]);
                }
            }

            for (int i = 0; i < block.Length; i++)
            {
                result[start + i] = T.CreateChecked(DivideToEven(block[i], total));
            }
        }

        return ParameterTensor.FromMemory<T>(result, global.Shape);
    }

    private static ParameterTensor CombineBooleans(
        string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates, CancellationToken cancellationToken)
    {
        bool[] result = NewArray<bool>(name, global);
        Int128 total = Samples(updates);
        var ayes = new Int128[Math.Min(BlockElements, result.Length)];
        for (int start = 0; start < result.Length; start += BlockElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<Int128> block = ayes.AsSpan(0, Math.Min(BlockElements, result.Length - start));
            block.Clear();
            foreach (NodeUpdate update in updates)
            {
                // As bytes: what came from elsewhere may hold other values than 0 and 1.
                ReadOnlySpan<byte> values = update.Parameters[name].GetBytes(start, block.Length);
                for (int i = 0; i < block.Length; i++)
                {
                    block[i] += values[i] != 0 ? update.SampleCount : 0;
                }
            }

            for (int i = 0; i < block.Length; i++)
            {
                result[start + i] = block[i] * 2 >= total;
            }
        }

        return ParameterTensor.FromMemory<bool>(result, global.Shape);
    }

    /// <summary>All samples of a round. Sums of integers stay exact in 128 bits up to 2^62 samples, more than there are.</summary>
    private static Int128 Samples(IReadOnlyList<NodeUpdate> updates)
    {
        Int128 total = Int128.Zero;
        foreach (NodeUpdate update in updates)
        {
            total += update.SampleCount;
        }

        return total <= 1L << 62
            ? total
            : throw new AggregationException($"The updates claim {total} samples together; at most 2^62 can be weighed: check the nodes' sample counts.");
    }

    private static Int128 DivideToEven(Int128 sum, Int128 count)
    {
        (Int128 quotient, Int128 rest) = Int128.DivRem(sum, count);
        Int128 twice = Int128.Abs(rest) * 2;
        bool away = twice > count || (twice == count && Int128.IsOddInteger(quotient));
        return !away ? quotient : quotient + (Int128.IsNegative(sum) ? -1 : 1);
    }

    private static T[] NewArray<T>(string name, ParameterTensor global) =>
        global.ElementCount <= Array.MaxLength
            ? new T[global.ElementCount]
            : throw new AggregationException(
                $"Tensor '{name}' has {global.ElementCount} elements of {Unsafe.SizeOf<T>()} bytes; at most {Array.MaxLength} can be aggregated: split the tensor.");
}
