using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Nodes;

/// <summary>
/// A fixed number of nodes, drawn anew each round without replacement, each draw in proportion to the rows of the datasets of those that are left. The rows
/// are the first entry of <see cref="DatasetEntry.Shape"/>, as the node states it; a node without rows is never drawn. The choice follows from the job's seed,
/// the round and the sizes alone: it is the same in every process and on every version of .NET.
/// </summary>
/// <remarks>
/// A node that states more rows than it has is drawn more often. Where nodes are drawn by size, combine them with uniform weights: a rule that weighs by
/// samples as well counts size twice (Li et al. 2020, "On the Convergence of FedAvg on Non-IID Data").
/// </remarks>
public sealed class WeightedSampler : INodeSampler
{
    /// <summary>Makes a sampler.</summary>
    /// <param name="count">How many nodes take part in a round, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public WeightedSampler(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
    }

    /// <summary>How many nodes take part in a round.</summary>
    public int Count { get; }

    /// <inheritdoc/>
    /// <exception cref="FedJobException">A node does not state its rows, or fewer nodes than wanted have any (<see cref="FedJobErrorCode.OptionsInvalid"/>).</exception>
    public IReadOnlyList<string> Sample(SamplingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return SeededChoice.Draw(
            $"WeightedSampler({Count})", [.. context.Data.Datasets.Select(d => KeyValuePair.Create(d.Key, RowsOf(d.Key, d.Value)))], Count, context.Seed);
    }

    private static double RowsOf(string nodeId, DatasetEntry dataset) => dataset.Shape is [>= 0 and long rows, ..]
        ? rows
        : throw new FedJobException(
            FedJobErrorCode.OptionsInvalid,
            $"WeightedSampler draws by the rows of datasets, and node '{nodeId}' states none for '{dataset.DatasetId}' (its shape is no list that begins with a "
            + "whole number of at least 0). Use CountSampler, or a sampler of your own that knows the sizes.");
}
