using FedJob.Abstractions;

namespace FedJob.Nodes;

/// <summary>
/// A fixed number of nodes, drawn anew each round, all with the same chance and none twice. The choice follows from the job's seed and the round alone: it is
/// the same in every process and on every version of .NET.
/// </summary>
public sealed class CountSampler : INodeSampler
{
    /// <summary>Makes a sampler.</summary>
    /// <param name="count">How many nodes take part in a round, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public CountSampler(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
    }

    /// <summary>How many nodes take part in a round.</summary>
    public int Count { get; }

    /// <inheritdoc/>
    /// <exception cref="FedJobException">There are fewer nodes than wanted (<see cref="FedJobErrorCode.OptionsInvalid"/>).</exception>
    public IReadOnlyList<string> Sample(SamplingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return SeededChoice.Draw($"CountSampler({Count})", context.Data.Nodes, Count, context.Seed);
    }
}
