namespace FedJob.Protocol.Messages;

/// <summary>Says whether a node's part of an element of secure aggregation was made.</summary>
public sealed record SecaggReply : NodeMessage
{
    /// <summary>The element's id; <c>secagg_id</c>.</summary>
    public required string SecaggId { get; init; }

    /// <summary>The number of the request; <c>sequence</c>.</summary>
    public required int Sequence { get; init; }

    /// <summary>Whether it was made; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <summary>What happened, in words; <c>msg</c>.</summary>
    public required string Text { get; init; }

    /// <inheritdoc/>
    public override string Command => "secagg";
}
