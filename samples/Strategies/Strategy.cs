using FedJob.Aggregation;

namespace Strategies;

/// <summary>One row of the comparison. A rule may remember something from round to round, so each training gets a new one.</summary>
internal sealed record Strategy(string Name, Func<IAggregator> Rule)
{
    /// <summary>What happens to updates that are far too large; by default they are reported only.</summary>
    public OutlierGuard Guard { get; init; } = new();

    /// <summary>What is compared. To compare another rule, add a line.</summary>
    public static IReadOnlyList<Strategy> All { get; } =
    [
        new("FedAvg", () => new FedAvg()),
        new("FedAvg, guarded", () => new FedAvg()) { Guard = new() { Action = OutlierAction.Exclude } },
        new("median", () => new CoordinateWiseMedian()),
        new("trimmed mean 0.2", () => new TrimmedMean(0.2)),
        new("Krum f=1", () => new Krum(1)),
        new("Multi-Krum f=1", () => new MultiKrum(1)),
        new("Bulyan f=1", () => new Bulyan(1)),
        new("geometric median", () => new GeometricMedian()),
        new("norm clipping 1", () => new NormClipping(1)),
        new("FedAvgM 0.5", () => new FedAvgM { Momentum = 0.5 }),
        new("FedAdam", () => new FedAdam { LearningRate = 0.3, Tau = 0.1 }),
        new("FedYogi", () => new FedYogi { LearningRate = 0.3, Tau = 0.1 }),
    ];
}
