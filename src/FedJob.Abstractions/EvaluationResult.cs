namespace FedJob.Abstractions;

/// <summary>The metrics of an evaluation.</summary>
public sealed record EvaluationResult
{
    /// <summary>Name and value of each metric, e.g. <c>ACCURACY</c> and 0.93. Values are finite.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>The number of samples evaluated on.</summary>
    public required long SampleCount { get; init; }
}
