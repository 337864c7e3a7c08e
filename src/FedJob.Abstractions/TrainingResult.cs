namespace FedJob.Abstractions;

/// <summary>What a local training amounted to; the parameters are read from the plan afterwards.</summary>
public sealed record TrainingResult
{
    private readonly long _sampleCount;

    /// <summary>The number of different samples trained on, above 0: the node's coefficient in a weighted average.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public required long SampleCount
    {
        get => _sampleCount;
        init => _sampleCount = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SampleCount), value, "SampleCount must be at least 1: a training without samples has no weight.");
    }

    /// <summary>The local learning rate that was used; <c>optimizer_args.lr</c> of the node's parameter file. Default: not told.</summary>
    public double? LearningRate { get; init; }
}
