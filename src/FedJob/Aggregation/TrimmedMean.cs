using System.Numerics;
using System.Numerics.Tensors;

namespace FedJob.Aggregation;

/// <summary>
/// The coordinate-wise trimmed mean: of each element the k = floor(beta n) smallest and the k largest values of the n updates are left out, and the new
/// element is the mean of the others, w[k] = 1 / (n - 2 k) sum of what is left (Yin, Chen, Ramchandran, Bartlett 2018,
/// "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", option II).
/// </summary>
/// <remarks>
/// As long as at most k updates are hostile, every element lies between two of honest nodes. All updates count alike: a sample count is a node's own word.
/// </remarks>
public sealed class TrimmedMean : IAggregator
{
    private readonly double _fraction;

    /// <summary>Makes the rule.</summary>
    /// <param name="trimFraction">
    /// beta, the share left out at each end, at least 0 and below 0.5; 0 is the plain mean. Choose at least the share of hostile nodes you expect.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not in [0, 0.5).</exception>
    public TrimmedMean(double trimFraction) => _fraction = trimFraction is >= 0 and < 0.5
        ? trimFraction
        : throw new ArgumentOutOfRangeException(
            nameof(trimFraction), trimFraction, "TrimmedMean's trim fraction must be at least 0 and below 0.5: at 0.5 no value would be left to average.");

    /// <inheritdoc/>
    public string Name => "TrimmedMean";

    /// <summary>Refuses numbers of nodes of which nothing would be trimmed: the plain mean in disguise protects from nobody.</summary>
    /// <param name="participants">The number of nodes of the round.</param>
    /// <exception cref="AggregationException">The share of so few nodes is less than one node.</exception>
    public void Validate(int participants) => RobustBounds.Require(
        _fraction == 0 || Trimmed(participants) > 0,
        $"TrimmedMean with the trim fraction {_fraction} needs fraction x n >= 1, that is n >= {Math.Ceiling((1 / _fraction) - 1e-9)} nodes",
        participants);

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        int n = context.Updates.Count;
        Validate(n);
        return new Mean([.. Enumerable.Range(0, n)], Trimmed(n));
    }

    /// <summary>floor(beta n), forgiving the rounding of products such as 0.29 x 100.</summary>
    private int Trimmed(int n) => Math.Min((int)Math.Floor((_fraction * n) + 1e-9), (n - 1) / 2);

    private sealed class Mean(int[] all, int trimmed) : IRoundAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            // Summed in ascending order in double precision, so which node sent a value makes no difference, and rounded once.
            double share = 1.0 / (all.Length - (2 * trimmed));
            using var sorted = new SortedRows<T>(all.Length);
            Span<double> sum = stackalloc double[SortedRows<T>.Width], row = stackalloc double[SortedRows<T>.Width];
            for (int start = 0; start < block.Result.Length; start += SortedRows<T>.Width)
            {
                int count = sorted.Load(block, all, start);
                sum.Clear();
                for (int i = trimmed; i < all.Length - trimmed; i++)
                {
                    TensorPrimitives.ConvertTruncating<T, double>(sorted[i], row);
                    TensorPrimitives.MultiplyAdd(row, share, sum, sum);
                }

                TensorPrimitives.ConvertTruncating<double, T>(sum[..count], block.Result.Slice(start, count));
            }
        }
    }
}
