namespace FedJob.Protocol.Messages;

/// <summary>Answers a search.</summary>
public sealed record SearchReply : NodeMessage
{
    /// <summary>Whether the node could search; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <summary>The datasets that match; <c>databases</c>.</summary>
    public required IReadOnlyList<DatasetEntry> Databases { get; init; }

    /// <summary>How many there are; <c>count</c>.</summary>
    public required int Count { get; init; }

    /// <inheritdoc/>
    public override string Command => "search";
}
