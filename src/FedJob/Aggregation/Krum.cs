namespace FedJob.Aggregation;

/// <summary>
/// Krum: the new parameters are the one update that is closest to its neighbours, w = w_i with i = argmin s(i),
/// s(i) = sum over the n - f - 2 updates j closest to i of |w_i - w_j|^2 (Blanchard, El Mhamdi, Guerraoui, Stainer 2017, "Machine Learning with
/// Adversaries: Byzantine Tolerant Gradient Descent").
/// </summary>
/// <remarks>
/// Withstands f hostile nodes of n >= 2 f + 3. Of equal scores the update with the first smaller element is chosen, whatever the nodes are called. On skewed data
/// the one update chosen knows only its own node's data; <see cref="MultiKrum"/> averages several. Integer and boolean tensors are combined as under every rule.
/// </remarks>
public sealed class Krum : IAggregator
{
    private readonly int _byzantine;

    /// <summary>Makes the rule.</summary>
    /// <param name="byzantine">f, the number of hostile nodes to withstand, at least 0; a round needs 2 f + 3 nodes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative or absurd.</exception>
    public Krum(int byzantine) => _byzantine = RobustBounds.CheckByzantine(byzantine, "Krum");

    /// <inheritdoc/>
    public string Name => "Krum";

    /// <summary>Refuses fewer than 2 f + 3 nodes.</summary>
    /// <param name="participants">The number of nodes of the round.</param>
    /// <exception cref="AggregationException">There are fewer.</exception>
    public void Validate(int participants) => RobustBounds.Require(
        participants >= (2 * _byzantine) + 3, $"Krum with f = {_byzantine} needs n >= 2 f + 3 = {(2 * _byzantine) + 3} nodes", participants);

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        int n = context.Updates.Count;
        Validate(n);
        int chosen = PairwiseDistances.Of(context).OrderByScore([.. Enumerable.Range(0, n)], n - _byzantine - 2)[0];
        return LinearCombination.MeanOf([chosen], n);
    }
}
