namespace FedJob.Checkpoints;

/// <summary>What the loop around rounds remembers, in <c>state.json</c>.</summary>
internal sealed record LoopDocument
{
    /// <summary>A committed round that was not looked at yet.</summary>
    public int? Pending { get; init; }

    public TrackerDocument? Stopping { get; init; }

    /// <summary>Its best round's parameters are <c>best-parameters.mpk</c>, or <c>parameters.mpk</c> where there is no such file.</summary>
    public TrackerDocument? Best { get; init; }
}

/// <summary>What was seen of a metric from round to round.</summary>
internal sealed record TrackerDocument
{
    public required string Metric { get; init; }

    public bool HigherIsBetter { get; init; }

    public required string Source { get; init; }

    public double? Best { get; init; }

    public int? BestRound { get; init; }

    public int? LastRound { get; init; }

    public double? Last { get; init; }

    public int WithoutImprovement { get; init; }
}
