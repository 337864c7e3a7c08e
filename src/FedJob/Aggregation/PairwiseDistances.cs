namespace FedJob.Aggregation;

/// <summary>
/// The squared Euclidean distance of each two updates over all their floating-point tensors, and the scores that Krum makes of them. One pass over
/// the updates; n (n - 1) / 2 distances for n of them.
/// </summary>
internal sealed class PairwiseDistances
{
    private readonly double[,] _squares;
    private readonly UpdateOrder _order;

    private PairwiseDistances(double[,] squares, UpdateOrder order) => (_squares, _order) = (squares, order);

    public double this[int first, int second] => _squares[first, second];

    public static PairwiseDistances Of(AggregationContext context)
    {
        int n = context.Updates.Count;
        var squares = new double[n, n];
        var tiles = new FloatingTiles(context);
        tiles.ForEach(count =>
        {
            for (int i = 0; i < n; i++)
            {
                for (int j = i + 1; j < n; j++)
                {
                    squares[i, j] += FloatingTiles.SquaredDistance(tiles.Update(i, count), tiles.Update(j, count));
                }
            }
        });
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                squares[i, j] = squares[j, i];
            }
        }

        return new PairwiseDistances(squares, new UpdateOrder(context));
    }

    /// <summary>Orders updates by their Krum score, the sum of the squared distances to their closest neighbours; equal ones by what they hold.</summary>
    /// <param name="candidates">The updates that are scored, and among which neighbours are sought.</param>
    /// <param name="neighbours">How many neighbours count.</param>
    /// <returns>The candidates, the lowest score first.</returns>
    public IReadOnlyList<int> OrderByScore(IReadOnlyCollection<int> candidates, int neighbours) =>
    [
        .. candidates
            .Select(i => (Index: i, Score: candidates.Where(j => j != i).Select(j => _squares[i, j]).Order().Take(neighbours).Sum()))
            .OrderBy(c => c.Score).ThenBy(c => c.Index, _order).Select(c => c.Index),
    ];
}
