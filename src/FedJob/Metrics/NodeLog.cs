using FedJob.Protocol.Messages;

namespace FedJob.Metrics;

/// <summary>A line a node logged.</summary>
/// <param name="JobId">The job it belongs to; <see langword="null"/> where the node does not say (Python nodes never do).</param>
/// <param name="Message">The line.</param>
public sealed record NodeLog(string? JobId, LogMessage Message)
{
    /// <summary>The node.</summary>
    public string NodeId => Message.NodeId;
}
