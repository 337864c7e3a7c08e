using System.Numerics;

namespace FedJob.Aggregation;

/// <summary>
/// Bulyan over Krum: theta = n - 2 f updates are selected one after the other by <see cref="Krum"/>, each among those not selected yet; then each element of the
/// new parameters is the mean of the beta = theta - 2 f values of the selection that are closest to its median,
/// w[k] = 1/beta sum over the beta smallest |w_i[k] - med[k]| of w_i[k] (El Mhamdi, Guerraoui, Rouault 2018, "The Hidden Vulnerability of Distributed
/// Learning in Byzantium").
/// </summary>
/// <remarks>
/// Withstands f hostile nodes of n >= 4 f + 3, also ones that differ much in a few elements only, which Krum's distances do not notice. Of r
/// updates that are left, r - f - 2 neighbours make a score, at least one. Of values equally far from the median the smaller ones count. All updates count alike.
/// </remarks>
public sealed class Bulyan : IAggregator
{
    private readonly int _byzantine;

    /// <summary>Makes the rule.</summary>
    /// <param name="byzantine">f, the number of hostile nodes to withstand, at least 0; a round needs 4 f + 3 nodes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative or absurd.</exception>
    public Bulyan(int byzantine) => _byzantine = RobustBounds.CheckByzantine(byzantine, "Bulyan");

    /// <inheritdoc/>
    public string Name => "Bulyan";

    /// <summary>Refuses fewer than 4 f + 3 nodes.</summary>
    /// <param name="participants">The number of nodes of the round.</param>
    /// <exception cref="AggregationException">There are fewer.</exception>
    public void Validate(int participants) => RobustBounds.Require(
        participants >= (4 * _byzantine) + 3, $"Bulyan with f = {_byzantine} needs n >= 4 f + 3 = {(4 * _byzantine) + 3} nodes", participants);

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Validate(context.Updates.Count);
        PairwiseDistances distances = PairwiseDistances.Of(context);
        List<int> left = [.. Enumerable.Range(0, context.Updates.Count)], selected = [];
        while (left.Count > 2 * _byzantine)
        {
            int chosen = distances.OrderByScore(left, Math.Max(1, left.Count - _byzantine - 2))[0];
            selected.Add(chosen);
            left.Remove(chosen);
        }

        return new MeanAroundMedian([.. selected], selected.Count - (2 * _byzantine));
    }

    private sealed class MeanAroundMedian(int[] selected, int closest) : IRoundAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            using var sorted = new SortedRows<T>(selected.Length);
            Span<double> values = stackalloc double[Math.Min(selected.Length, 512)];
            values = selected.Length <= values.Length ? values : new double[selected.Length];
            for (int start = 0; start < block.Result.Length; start += SortedRows<T>.Width)
            {
                int count = sorted.Load(block, selected, start);
                for (int k = 0; k < count; k++)
                {
                    for (int i = 0; i < values.Length; i++)
                    {
                        values[i] = double.CreateChecked(sorted[i][k]);
                    }

                    block.Result[start + k] = T.CreateTruncating(MeanOfClosest(values));
                }
            }
        }

        /// <summary>The closest values to the median are neighbours of it in sorted order: a window that moves up while the value it gains is closer.</summary>
        private double MeanOfClosest(ReadOnlySpan<double> sorted)
        {
            double median = (sorted[(sorted.Length - 1) / 2] * 0.5) + (sorted[sorted.Length / 2] * 0.5);
            int first = 0;
            while (first + closest < sorted.Length && sorted[first + closest] - median < median - sorted[first])
            {
                first++;
            }

            double sum = 0;
            foreach (double value in sorted.Slice(first, closest))
            {
                sum += value / closest;
            }

            return sum;
        }
    }
}
