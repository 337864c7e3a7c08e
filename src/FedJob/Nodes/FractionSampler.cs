using System.Globalization;
using FedJob.Abstractions;

namespace FedJob.Nodes;

/// <summary>
/// A fraction of the nodes, drawn anew each round, all with the same chance and none twice (McMahan et al. 2017, "Communication-Efficient Learning of Deep
/// Networks from Decentralized Data": max(C K, 1) of K clients). C K is rounded up. The choice follows from the job's seed and the round alone: it is the same
/// in every process and on every version of .NET.
/// </summary>
public sealed class FractionSampler : INodeSampler
{
    /// <summary>Makes a sampler.</summary>
    /// <param name="fraction">Which part of the nodes takes part in a round, above 0, at most 1.</param>
    /// <param name="minimum">How many at least, 1 or more. Default: 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not in (0, 1], or the minimum below 1.</exception>
    public FractionSampler(double fraction, int minimum = 1)
    {
        if (!(fraction is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The fraction of nodes must be above 0, at most 1.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(minimum, 1);
        (Fraction, Minimum) = (fraction, minimum);
    }

    /// <summary>Which part of the nodes takes part in a round.</summary>
    public double Fraction { get; }

    /// <summary>How many at least.</summary>
    public int Minimum { get; }

    /// <inheritdoc/>
    /// <exception cref="FedJobException">There are fewer nodes than the minimum (<see cref="FedJobErrorCode.OptionsInvalid"/>).</exception>
    public IReadOnlyList<string> Sample(SamplingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);

        // In decimal 0.1 of 30 is 3; in binary it is a little more, and would be rounded up to 4.
        int part = (int)Math.Ceiling((decimal)Fraction * context.Data.Nodes.Count);
        return SeededChoice.Draw(
            string.Create(CultureInfo.InvariantCulture, $"FractionSampler({Fraction}, {Minimum})"), context.Data.Nodes, Math.Max(Minimum, part), context.Seed);
    }
}
