using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>The robust rules as they can be used on some numbers of nodes.</summary>
internal static class RuleList
{
    /// <summary>All of them, against one hostile node of seven.</summary>
    public static IReadOnlyList<IAggregator> ForSeven =>
        [new CoordinateWiseMedian(), new TrimmedMean(0.2), new Krum(1), new MultiKrum(1), new Bulyan(1), new GeometricMedian(), new NormClipping(2)];

    /// <summary>Those that are defined for a single node.</summary>
    public static IReadOnlyList<IAggregator> ForOne => [new CoordinateWiseMedian(), new TrimmedMean(0), new GeometricMedian(), new NormClipping(1e6)];
}
