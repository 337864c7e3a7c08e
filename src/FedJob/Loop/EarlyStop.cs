namespace FedJob.Loop;

/// <summary>How a run came to its end before its number of rounds.</summary>
public sealed record EarlyStop
{
    /// <summary>The last round of the run, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>Why it was the last.</summary>
    public required StopReason Reason { get; init; }

    /// <summary>The name of the metric.</summary>
    public required string Metric { get; init; }

    /// <summary>Its value in that round; <see langword="null"/> where the round had none.</summary>
    public double? Value { get; init; }

    /// <summary>The round with the best value; <see langword="null"/> where no round had a finite one.</summary>
    public int? BestRound { get; init; }

    /// <summary>The best value.</summary>
    public double? BestValue { get; init; }
}
