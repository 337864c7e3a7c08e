namespace FedJob.Abstractions;

/// <summary>What a local training amounted to; the parameters are read from the plan afterwards.</summary>
public sealed record TrainingResult
{
    private readonly long _sampleCount;
    private readonly long? _updateCount;

    /// <summary>The number of different samples trained on, above 0: the node's coefficient in a weighted average.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public required long SampleCount
    {
        get => _sampleCount;
        init => _sampleCount = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(SampleCount), value, "SampleCount must be at least 1: a training without samples has no weight.");
    }

    /// <summary>The local learning rate that was used; <c>optimizer_args.lr</c> of the node's parameter file. Default: not told.</summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// The optimizer steps that were made, at least 1; rules such as FedNova and Scaffold weigh by them. <c>optimizer_args.num_updates</c>
    /// of the node's parameter file, which only FedJob nodes tell. Default: not told; then the training arguments say how many were to be
    /// made.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? UpdateCount
    {
        get => _updateCount;
        init => _updateCount = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(UpdateCount), value, "UpdateCount must be at least 1.");
    }
}
