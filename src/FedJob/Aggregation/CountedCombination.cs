using System.Buffers;
using System.Numerics;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>Combines a tensor of counters or flags, which no rule of the literature speaks of, by the nodes' samples, exactly.</summary>
internal abstract class CountedCombination<T>(string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates)
    : TensorCombination(name, global, updates, CountedElements)
    where T : unmanaged
{
    /// <summary>Sums have 16 bytes each: still small enough to stay in the cache.</summary>
    private const int CountedElements = 16_384;

    /// <summary>All samples of the round. Sums of integers stay exact in 128 bits up to 2^62 samples, more than there are.</summary>
    protected Int128 Samples { get; } = Sum(updates);

    protected abstract void Add(NodeUpdate update, long start, Span<Int128> sums);

    protected abstract T Decide(Int128 sum);

    protected sealed override void Combine(long start, int count, ICombinedTensors target)
    {
        Int128[] sumBuffer = ArrayPool<Int128>.Shared.Rent(count);
        T[] resultBuffer = ArrayPool<T>.Shared.Rent(count);
        Span<Int128> sums = sumBuffer.AsSpan(0, count);
        Span<T> result = resultBuffer.AsSpan(0, count);
        sums.Clear();
        foreach (NodeUpdate update in Updates)
        {
            Add(update, start, sums);
        }

        for (int i = 0; i < count; i++)
        {
            result[i] = Decide(sums[i]);
        }

        target.Write<T>(Name, start, result);
        ArrayPool<T>.Shared.Return(resultBuffer);
        ArrayPool<Int128>.Shared.Return(sumBuffer);
    }

    private static Int128 Sum(IReadOnlyList<NodeUpdate> updates)
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
}

/// <summary>Integers become the sample-weighted mean rounded to the nearest, ties to even.</summary>
internal sealed class IntegerCombination<T>(string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates)
    : CountedCombination<T>(name, global, updates)
    where T : unmanaged, IBinaryInteger<T>
{
    protected override void Add(NodeUpdate update, long start, Span<Int128> sums)
    {
        ReadOnlySpan<T> values = update.Parameters[Name].AsSpan<T>(start, sums.Length);
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += update.SampleCount * Int128.CreateChecked(values[i]);
        }
    }

    protected override T Decide(Int128 sum)
    {
        (Int128 quotient, Int128 rest) = Int128.DivRem(sum, Samples);
        Int128 twice = Int128.Abs(rest) * 2;
        bool away = twice > Samples || (twice == Samples && Int128.IsOddInteger(quotient));
        return T.CreateChecked(!away ? quotient : quotient + (Int128.IsNegative(sum) ? -1 : 1));
    }
}

/// <summary>Booleans become the sample-weighted majority; a tie is true.</summary>
internal sealed class BooleanCombination(string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates)
    : CountedCombination<bool>(name, global, updates)
{
    protected override void Add(NodeUpdate update, long start, Span<Int128> sums)
    {
        // As bytes: what came from elsewhere may hold other values than 0 and 1.
        ReadOnlySpan<byte> values = update.Parameters[Name].GetBytes(start, sums.Length);
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += values[i] != 0 ? update.SampleCount : 0;
        }
    }

    protected override bool Decide(Int128 sum) => sum * 2 >= Samples;
}
