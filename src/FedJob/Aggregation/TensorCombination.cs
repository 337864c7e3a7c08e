using System.Buffers;
using System.Numerics;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>Combines one tensor, any of its blocks at a time: blocks do not depend on each other.</summary>
internal abstract class TensorCombination(string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates, int blockElements)
{
    /// <summary>The number of blocks.</summary>
    public long Blocks => (Global.ElementCount + blockElements - 1) / blockElements;

    protected string Name => name;

    protected ParameterTensor Global => global;

    protected IReadOnlyList<NodeUpdate> Updates => updates;

    public static TensorCombination Of(string rule, IRoundAggregation round, string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates) =>
        global.ElementType switch
        {
            TensorElementType.Float32 => new Floating<float>(rule, round, name, global, updates),
            TensorElementType.Float64 => new Floating<double>(rule, round, name, global, updates),
            TensorElementType.Float16 => new Floating<Half>(rule, round, name, global, updates),
            TensorElementType.Int8 => new IntegerCombination<sbyte>(name, global, updates),
            TensorElementType.Int16 => new IntegerCombination<short>(name, global, updates),
            TensorElementType.Int32 => new IntegerCombination<int>(name, global, updates),
            TensorElementType.Int64 => new IntegerCombination<long>(name, global, updates),
            TensorElementType.UInt8 => new IntegerCombination<byte>(name, global, updates),
            TensorElementType.UInt16 => new IntegerCombination<ushort>(name, global, updates),
            TensorElementType.UInt32 => new IntegerCombination<uint>(name, global, updates),
            TensorElementType.UInt64 => new IntegerCombination<ulong>(name, global, updates),
            TensorElementType.Bool => new BooleanCombination(name, global, updates),
            _ => throw new AggregationException(
                $"Tensor '{name}' is {global}; complex numbers have no aggregation rule: send real and imaginary parts as two tensors."),
        };

    public void Combine(long block, ICombinedTensors target)
    {
        long start = block * blockElements;
        Combine(start, (int)Math.Min(blockElements, Global.ElementCount - start), target);
    }

    protected abstract void Combine(long start, int count, ICombinedTensors target);

    /// <summary>Floating-point tensors are the rule's.</summary>
    private sealed class Floating<T>(string rule, IRoundAggregation round, string name, ParameterTensor global, IReadOnlyList<NodeUpdate> updates)
        : TensorCombination(name, global, updates, FloatingElements)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        /// <summary>Small enough that the result stays in the cache while every update passes over it.</summary>
        private const int FloatingElements = 65_536;

        protected override void Combine(long start, int count, ICombinedTensors target)
        {
            T[] buffer = ArrayPool<T>.Shared.Rent(count);
            Span<T> result = buffer.AsSpan(0, count);
            result.Clear();
            round.Combine(new TensorBlock<T>(Name, Global, Updates, start, result));
            FiniteResult.Check<T>(rule, Name, start, result);
            target.Write<T>(Name, start, result);
            ArrayPool<T>.Shared.Return(buffer);
        }
    }
}
