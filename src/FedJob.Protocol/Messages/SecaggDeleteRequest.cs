namespace FedJob.Protocol.Messages;

/// <summary>Asks a node to remove an element of secure aggregation.</summary>
public sealed record SecaggDeleteRequest : ResearcherRequest
{
    /// <summary>The element's id; <c>secagg_id</c>.</summary>
    public required string SecaggId { get; init; }

    /// <summary>The number the answer repeats; <c>sequence</c>.</summary>
    public required int Sequence { get; init; }

    /// <summary>The element; <c>element</c>.</summary>
    public required SecaggElement Element { get; init; }

    /// <summary>The job of a server key; null for a biprime; <c>job_id</c>.</summary>
    public string? JobId { get; init; }

    /// <inheritdoc/>
    public override string Command => "secagg-delete";
}
