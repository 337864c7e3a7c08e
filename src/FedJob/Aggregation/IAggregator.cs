namespace FedJob.Aggregation;

/// <summary>
/// How the updates of a round become the new global parameters. A rule sees the updates in ordinal order of their node ids and combines them block
/// by block, so that its memory does not grow with the number of nodes and the same updates give the same bits.
/// </summary>
public interface IAggregator
{
    /// <summary>The rule's name as the literature spells it, e.g. <c>FedAvg</c>.</summary>
    string Name { get; }

    /// <summary>Prepares to combine one round's updates: e.g. computes each node's weight.</summary>
    /// <param name="context">The round's updates and the global parameters they started from.</param>
    /// <returns>What combines the blocks of this round.</returns>
    /// <exception cref="AggregationException">The rule cannot combine these updates.</exception>
    IRoundAggregation BeginRound(AggregationContext context);
}
