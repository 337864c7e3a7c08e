namespace FedJob.Loop;

/// <summary>The best round of a job so far, by the metric of <see cref="KeepBest"/>.</summary>
public sealed record BestRound
{
    /// <summary>The round in which the value was seen, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>The name of the metric.</summary>
    public required string Metric { get; init; }

    /// <summary>Its value.</summary>
    public required double Value { get; init; }

    /// <summary>The file with the parameters the value speaks of, in the job's directory; <see cref="Job.UpdateParametersFromFileAsync"/> takes it.</summary>
    public required string ParametersPath { get; init; }
}
