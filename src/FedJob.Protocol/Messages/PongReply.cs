namespace FedJob.Protocol.Messages;

/// <summary>Answers a ping.</summary>
public sealed record PongReply : NodeMessage
{
    /// <summary>Always true; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <summary>The number of the ping; <c>sequence</c>.</summary>
    public required int Sequence { get; init; }

    /// <inheritdoc/>
    public override string Command => "pong";
}
