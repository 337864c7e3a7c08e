namespace FedJob.Protocol.Messages;

/// <summary>Asks for datasets that carry all the given tags; a node without one stays silent.</summary>
public sealed record SearchRequest : ResearcherRequest
{
    /// <summary>The tags; none matches everything; <c>tags</c>.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <inheritdoc/>
    public override string Command => "search";
}
