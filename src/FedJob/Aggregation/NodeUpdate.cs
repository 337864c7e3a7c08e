using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>What one node contributes to a round: its parameters after local training. They fit the model and are finite.</summary>
public sealed record NodeUpdate
{
    /// <summary>The node.</summary>
    public required string NodeId { get; init; }

    /// <summary>The samples it trained on, at least 1.</summary>
    public required long SampleCount { get; init; }

    /// <summary>Its parameters after training, usually views of a mapped file, valid during the aggregation.</summary>
    public required ModelParameters Parameters { get; init; }
}
