namespace FedJob.Nodes;

/// <summary>What a sampler chooses from.</summary>
public sealed record SamplingContext
{
    /// <summary>The round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>The nodes there are, with their datasets.</summary>
    public required FederatedDataset Data { get; init; }

    /// <summary>The seed of everything random in the choice: derived from the job's seed and the round.</summary>
    public required int Seed { get; init; }
}
