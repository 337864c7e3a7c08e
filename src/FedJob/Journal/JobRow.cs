using FedJob.Checkpoints;
using FedJob.Protocol.Storage;

namespace FedJob.Journal;

/// <summary>The job as the journal knows it between two rounds; its files are named without a path, they lie in the job's directory.</summary>
internal sealed record JobRow
{
    public required StateDocument Document { get; init; }

    public required Uri PlanUrl { get; init; }

    public required Uri ParametersUrl { get; init; }

    public required FileDigest ParametersDigest { get; init; }

    public string? AuxiliaryVariables { get; init; }

    public string? BestParameters { get; init; }

    /// <summary>The file with what the rule remembers; <see langword="null"/> where that is nothing.</summary>
    public string? AggregatorState { get; init; }

    public string? SamplerState { get; init; }
}
