namespace FedJob.Protocol.Messages;

/// <summary>Says whether a node took a training plan in for approval; not whether its owner approved it.</summary>
public sealed record ApprovalReply : NodeMessage
{
    /// <summary>The number of the request; <c>sequence</c>.</summary>
    public required int Sequence { get; init; }

    /// <summary>The HTTP status of the node's download of the plan; 0 when it failed otherwise; <c>status</c>.</summary>
    public required int Status { get; init; }

    /// <summary>Whether the plan now waits for approval, or did already; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <inheritdoc/>
    public override string Command => "approval";
}
