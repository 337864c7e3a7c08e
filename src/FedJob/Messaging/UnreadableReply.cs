using FedJob.Protocol.Messages;

namespace FedJob.Messaging;

/// <summary>
/// Stands for a train reply that ends its request and cannot be used: it names the request but is malformed, or it could belong to more than one
/// request of its node. Nothing of its content is taken.
/// </summary>
public sealed record UnreadableReply : NodeMessage
{
    /// <summary>What is wrong with it, in one sentence.</summary>
    public required string Flaw { get; init; }

    /// <inheritdoc/>
    public override string Command => "train";
}
