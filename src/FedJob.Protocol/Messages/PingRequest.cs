namespace FedJob.Protocol.Messages;

/// <summary>Asks who is there; answered at once, also by a node that trains.</summary>
public sealed record PingRequest : ResearcherRequest
{
    /// <summary>The number the answer repeats; <c>sequence</c>.</summary>
    public required int Sequence { get; init; }

    /// <inheritdoc/>
    public override string Command => "ping";
}
