namespace FedJob.Rounds;

/// <summary>
/// What a train request tells a node of a secure aggregation whose keys nodes and researcher agreed on before (the secagg messages of Fed-BioMed 4.5).
/// Replies to it carry no id of their request, so each participant has at most one such request outstanding at a time.
/// </summary>
public sealed record SecureAggregationArgs
{
    /// <summary>The server key; <c>secagg_servkey_id</c>.</summary>
    public required string ServerKeyId { get; init; }

    /// <summary>The biprime; <c>secagg_biprime_id</c>.</summary>
    public required string BiprimeId { get; init; }

    /// <summary>The random number that all participants of the round share, 0 to 1; <c>secagg_random</c>. A secret: it is never logged.</summary>
    public required double Random { get; init; }

    /// <summary>The range that values are clipped to before encryption; <see langword="null"/> for the nodes' default; <c>secagg_clipping_range</c>.</summary>
    public int? ClippingRange { get; init; }

    /// <summary>The ids, without the random number.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"secure aggregation with server key {ServerKeyId} and biprime {BiprimeId}";
}
