namespace FedJob.Protocol.Messages;

/// <summary>A message from a node to researchers.</summary>
public abstract record NodeMessage : ProtocolMessage
{
    /// <summary>The node; <c>node_id</c>.</summary>
    public required string NodeId { get; init; }
}
