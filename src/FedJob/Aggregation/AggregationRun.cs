using System.Runtime.ExceptionServices;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// Walks the tensors of a round block by block and lets the rule combine them. Floating-point tensors are the rule's; integers become the
/// sample-weighted mean rounded to the nearest (ties to even), booleans the sample-weighted majority (a tie is true): they are counters and
/// flags, which no rule of the literature speaks of. Complex tensors are refused.
/// </summary>
internal static class AggregationRun
{
    /// <summary>Combines in memory, on one thread.</summary>
    public static ModelParameters Combine(IAggregator aggregator, AggregationContext context, CancellationToken cancellationToken)
    {
        var combined = new CombinedMemory(context.Global);
        Combine(aggregator, context, combined, threads: 1, cancellationToken);
        return combined.ToParameters();
    }

    /// <summary>Combines into any target, on so many threads; nothing that grows with the model or the number of nodes is held in memory.</summary>
    public static void Combine(
        IAggregator aggregator, AggregationContext context, ICombinedTensors target, int threads, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Combine(aggregator.Name, aggregator.BeginRound(context), context.Global, context.Updates, target, threads, cancellationToken);
    }

    /// <summary>Adds up the first updates of a round whose others are still on their way; tensors that are no floating-point numbers can wait.</summary>
    public static void CombineFirst(
        string rule, IRunningAggregation round, ModelParameters global, IReadOnlyList<NodeUpdate> first, ICombinedTensors sums, CancellationToken cancellationToken)
    {
        IEnumerable<KeyValuePair<string, ParameterTensor>> floating = global.Where(p => p.Value.ElementType.IsFloatingPoint());
        Combine(rule, new FirstSum(round), floating, first, sums, threads: 1, cancellationToken);
    }

    /// <summary>Combines by a rule that has begun.</summary>
    public static void Combine(
        string rule,
        IRoundAggregation round,
        IEnumerable<KeyValuePair<string, ParameterTensor>> global,
        IReadOnlyList<NodeUpdate> updates,
        ICombinedTensors target,
        int threads,
        CancellationToken cancellationToken)
    {
        TensorCombination[] tensors = [.. global.Select(p => TensorCombination.Of(rule, round, p.Key, p.Value, updates))];
        var queue = new BlockQueue(tensors);
        if (threads == 1)
        {
            Work(queue, target, cancellationToken);
            return;
        }

        try
        {
            Parallel.For(
                0,
                threads,
                new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken },
                _ => Work(queue, target, cancellationToken));
        }
        catch (AggregateException failures)
        {
            // Whoever failed first says enough; the others failed in the same work.
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }

    private static void Work(BlockQueue queue, ICombinedTensors target, CancellationToken cancellationToken)
    {
        try
        {
            while (queue.Take() is (TensorCombination tensor, long block))
            {
                cancellationToken.ThrowIfCancellationRequested();
                tensor.Combine(block, target);
            }
        }
        catch
        {
            queue.Close();
            throw;
        }
    }

    /// <summary>Gives out the blocks in order, each once. After a failure there are no more.</summary>
    private sealed class BlockQueue(TensorCombination[] tensors)
    {
        private readonly Lock _lock = new();
        private int _tensor;
        private long _block;

        public (TensorCombination Tensor, long Block)? Take()
        {
            lock (_lock)
            {
                while (_tensor < tensors.Length && _block == tensors[_tensor].Blocks)
                {
                    (_tensor, _block) = (_tensor + 1, 0);
                }

                return _tensor < tensors.Length ? (tensors[_tensor], _block++) : null;
            }
        }

        public void Close()
        {
            lock (_lock)
            {
                _tensor = tensors.Length;
            }
        }
    }
}
