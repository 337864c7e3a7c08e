using System.Globalization;

namespace FedJob.Rounds;

/// <summary>How many successful replies a round needs: all, a number, or a share of its participants.</summary>
public readonly record struct Quorum
{
    private readonly int? _count;
    private readonly double? _fraction;

    private Quorum(int? count, double? fraction) => (_count, _fraction) = (count, fraction);

    /// <summary>Every participant; the default.</summary>
    public static Quorum All => default;

    /// <summary>A number of participants.</summary>
    /// <param name="count">At least 1.</param>
    /// <returns>The quorum.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public static Quorum Count(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new Quorum(count, null);
    }

    /// <summary>A share of the participants, rounded up.</summary>
    /// <param name="fraction">Above 0, at most 1.</param>
    /// <returns>The quorum.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The share is not in (0, 1].</exception>
    public static Quorum Fraction(double fraction) => fraction is > 0 and <= 1
        ? new Quorum(null, fraction)
        : throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A quorum's fraction must lie in (0, 1].");

    /// <summary>The number of replies this means for a round.</summary>
    /// <param name="participants">The number of participants.</param>
    /// <returns>At least 1; more than <paramref name="participants"/> only where a larger number was asked for.</returns>
    public int Of(int participants) =>
        _count ?? (_fraction is { } fraction ? Math.Max(1, (int)Math.Ceiling((fraction * participants) - 1e-9)) : participants);

    /// <summary>The quorum in words.</summary>
    /// <returns>E.g. <c>all</c>, <c>3</c>, <c>0.5</c>.</returns>
    public override string ToString() =>
        _count?.ToString(CultureInfo.InvariantCulture) ?? _fraction?.ToString(CultureInfo.InvariantCulture) ?? "all";
}
