namespace FedJob.Protocol.Messages;

/// <summary>
/// A log line of a node. On the wire msg is itself a JSON text {asctime, node_id, name, level, message}; where a node sends another text,
/// it is read as <see cref="Text"/>. From a Python node <c>researcher_id</c> is always <see cref="UnsetResearcher.Unknown"/>.
/// </summary>
public sealed record LogMessage : NodeMessage
{
    /// <summary>The level: DEBUG, INFO, WARNING, ERROR, CRITICAL; <c>level</c>.</summary>
    public required string Level { get; init; }

    /// <summary>What the node logged; <c>msg.message</c>.</summary>
    public required string Text { get; init; }

    /// <summary>The node's own time, as it wrote it; <c>msg.asctime</c>.</summary>
    public string? Time { get; init; }

    /// <summary>The node's name of the logger; <c>msg.name</c>.</summary>
    public string? LoggerName { get; init; }

    /// <inheritdoc/>
    public override string Command => "log";
}
