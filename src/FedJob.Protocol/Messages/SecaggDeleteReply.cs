namespace FedJob.Protocol.Messages;

/// <summary>Says whether a node removed an element of secure aggregation.</summary>
public sealed record SecaggDeleteReply : NodeMessage
{
    /// <summary>The element's id; <c>secagg_id</c>.</summary>
    public required string SecaggId { get; init; }

    /// <summary>The number of the request; <c>sequence</c>.</summary>
    public required int Sequence { get; init; }

    /// <summary>Whether it was removed; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <summary>What happened, in words; <c>msg</c>.</summary>
    public required string Text { get; init; }

    /// <inheritdoc/>
    public override string Command => "secagg-delete";
}
