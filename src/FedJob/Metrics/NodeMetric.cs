using FedJob.Protocol.Messages;

namespace FedJob.Metrics;

/// <summary>Metrics a node reported while it trained or validated for a job.</summary>
/// <param name="Round">The round, counted from 0; <see langword="null"/> when the report came after its round had ended.</param>
/// <param name="Message">What the node reported.</param>
public sealed record NodeMetric(int? Round, MetricMessage Message)
{
    /// <summary>The node.</summary>
    public string NodeId => Message.NodeId;

    /// <summary>What the node was doing.</summary>
    public MetricPhase Phase => !Message.Test ? MetricPhase.Training
        : Message.TestOnLocalUpdates ? MetricPhase.ValidationOnLocalUpdates
        : MetricPhase.ValidationOnGlobalUpdates;
}
