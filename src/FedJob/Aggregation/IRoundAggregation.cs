using System.Numerics;

namespace FedJob.Aggregation;

/// <summary>Combines the blocks of one round.</summary>
public interface IRoundAggregation
{
    /// <summary>Combines one block of a floating-point tensor. Blocks come in any order and may be combined on several threads at once.</summary>
    /// <typeparam name="T"><see cref="Half"/>, <see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="block">The same elements of every update, and where the result goes.</param>
    void Combine<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>;
}
