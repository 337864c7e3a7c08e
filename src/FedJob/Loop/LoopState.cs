namespace FedJob.Loop;

/// <summary>What the loop around rounds remembers; part of a job's checkpoints.</summary>
internal sealed record LoopState
{
    public static LoopState Empty { get; } = new();

    /// <summary>A committed round that was not looked at yet: its evaluation failed, was cancelled, or its process ended.</summary>
    public int? Pending { get; init; }

    public MetricTracker? Stopping { get; init; }

    public MetricTracker? Best { get; init; }

    /// <summary>The file with the best parameters; set with <see cref="Best"/> once a round had a value.</summary>
    public string? BestParametersPath { get; init; }
}
