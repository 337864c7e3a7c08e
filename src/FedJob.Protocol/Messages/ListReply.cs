namespace FedJob.Protocol.Messages;

/// <summary>Answers a list.</summary>
public sealed record ListReply : NodeMessage
{
    /// <summary>Whether the node could list; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <summary>The node's datasets; <c>databases</c>.</summary>
    public required IReadOnlyList<DatasetEntry> Databases { get; init; }

    /// <summary>How many there are; <c>count</c>.</summary>
    public required int Count { get; init; }

    /// <inheritdoc/>
    public override string Command => "list";
}
