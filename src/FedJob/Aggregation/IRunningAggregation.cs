using System.Numerics;

namespace FedJob.Aggregation;

/// <summary>
/// A combination that is a running sum over the updates in their order: it may begin before the last update is there, and the result has the same bits then.
/// <see cref="IRoundAggregation.Combine"/> does the same as <see cref="Add"/> for all updates, then <see cref="Finish"/>.
/// </summary>
public interface IRunningAggregation : IRoundAggregation
{
    /// <summary>Adds the updates of a block to its result, in order. Blocks come in any order and may be added to on several threads at once.</summary>
    /// <typeparam name="T"><see cref="Half"/>, <see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="block">The block, which may lack the last updates; its result holds the sum of the updates before <paramref name="first"/>.</param>
    /// <param name="first">The index of the first update that is not in the sum yet.</param>
    void Add<T>(TensorBlock<T> block, int first)
        where T : unmanaged, IFloatingPointIeee754<T>;

    /// <summary>What is done to a block's result after the last update was added.</summary>
    /// <typeparam name="T"><see cref="Half"/>, <see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="block">The block.</param>
    void Finish<T>(TensorBlock<T> block)
        where T : unmanaged, IFloatingPointIeee754<T>;
}
