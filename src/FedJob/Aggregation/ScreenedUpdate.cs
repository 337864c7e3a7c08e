using System.Globalization;

namespace FedJob.Aggregation;

/// <summary>How large one node's update was among those of its round.</summary>
public sealed record ScreenedUpdate
{
    /// <summary>The node.</summary>
    public required string NodeId { get; init; }

    /// <summary>|w_i - g|, the Euclidean distance of its parameters to the global ones, over all floating-point tensors; infinite beyond the range of a double.</summary>
    public required double Norm { get; init; }

    /// <summary>The robust z-score of the norm among those of the round, see <see cref="OutlierGuard"/>; infinite where the others' norms are 0.</summary>
    public required double Score { get; init; }

    /// <summary>Whether the score is above the threshold.</summary>
    public required bool IsOutlier { get; init; }

    /// <summary>Whether the update was left out for it.</summary>
    public required bool Excluded { get; init; }

    /// <summary>The report in words.</summary>
    /// <returns>E.g. <c>its update is an outlier: norm 2.5e+6, score 3371.2</c>.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"its update is {(IsOutlier ? "an" : "no")} outlier: norm {Norm:0.###e+0}, score {Score:0.0}");
}
