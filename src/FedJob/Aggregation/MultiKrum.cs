namespace FedJob.Aggregation;

/// <summary>
/// Multi-Krum: the new parameters are the mean of the m updates with the lowest Krum scores, w = 1/m sum over the m smallest s(i) of w_i, where
/// s(i) = sum over the n - f - 2 updates j closest to i of |w_i - w_j|^2 (Blanchard, El Mhamdi, Guerraoui, Stainer 2017, "Machine Learning with
/// Adversaries: Byzantine Tolerant Gradient Descent", section 5).
/// </summary>
/// <remarks>
/// Withstands f hostile nodes of n >= 2 f + 3. With m = 1 it is <see cref="Krum"/>. Of equal scores the update with the first smaller element comes
/// first. The mean is the plain one: a sample count is a node's own word.
/// </remarks>
public sealed class MultiKrum : IAggregator
{
    private readonly int _byzantine;
    private readonly int? _selected;

    /// <summary>Makes the rule.</summary>
    /// <param name="byzantine">f, the number of hostile nodes to withstand, at least 0; a round needs 2 f + 3 nodes.</param>
    /// <param name="selected">
    /// m, how many updates are averaged, at least 1 and at most n - f: beyond, hostile ones would be averaged, too. Default: n - f - 2 of each round.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative or absurd.</exception>
    public MultiKrum(int byzantine, int? selected = null)
    {
        _byzantine = RobustBounds.CheckByzantine(byzantine, "Multi-Krum");
        _selected = selected is null or >= 1
            ? selected
            : throw new ArgumentOutOfRangeException(nameof(selected), selected, "Multi-Krum's number m of selected updates must be at least 1.");
    }

    /// <inheritdoc/>
    public string Name => "MultiKrum";

    /// <summary>Refuses fewer than 2 f + 3 nodes, or fewer than m + f.</summary>
    /// <param name="participants">The number of nodes of the round.</param>
    /// <exception cref="AggregationException">There are fewer.</exception>
    public void Validate(int participants)
    {
        RobustBounds.Require(
            participants >= (2 * _byzantine) + 3, $"Multi-Krum with f = {_byzantine} needs n >= 2 f + 3 = {(2 * _byzantine) + 3} nodes", participants);
        RobustBounds.Require(
            _selected is not { } m || m <= participants - _byzantine,
            $"Multi-Krum with m = {_selected} and f = {_byzantine} needs n >= m + f = {(long?)_selected + _byzantine} nodes",
            participants);
    }

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        int n = context.Updates.Count;
        Validate(n);
        int closest = n - _byzantine - 2;
        IReadOnlyList<int> ordered = PairwiseDistances.Of(context).OrderByScore([.. Enumerable.Range(0, n)], closest);
        return LinearCombination.MeanOf([.. ordered.Take(_selected ?? closest)], n);
    }
}
