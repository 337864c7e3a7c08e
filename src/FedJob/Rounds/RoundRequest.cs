using FedJob.Aggregation;
using FedJob.Nodes;

namespace FedJob.Rounds;

/// <summary>What one round should do.</summary>
public sealed record RoundRequest
{
    /// <summary>Whether nodes train; <see langword="false"/> only validates the current parameters, and changes nothing. Default: <see langword="true"/>.</summary>
    public bool Training { get; init; } = true;

    /// <summary>How updates become new parameters. Default: <see cref="FedAvg"/>.</summary>
    public IAggregator Aggregator { get; init; } = new FedAvg();

    /// <summary>How participants are chosen. Default: all nodes.</summary>
    public INodeSampler Sampler { get; init; } = new AllNodesSampler();

    /// <summary>When the round ends. Default: the job's policy.</summary>
    public RoundPolicy? Policy { get; init; }
}
