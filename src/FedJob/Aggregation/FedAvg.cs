using System.Numerics.Tensors;
using FedJob.Abstractions;

namespace FedJob.Aggregation;

/// <summary>
/// Federated averaging: the new parameters are the mean of the nodes' parameters, each weighted with its share of the samples,
/// w = sum_i (n_i / n) w_i (McMahan et al. 2017, "Communication-Efficient Learning of Deep Networks from Decentralized Data").
/// </summary>
/// <remarks>
/// Shares are computed in double precision and rounded once to the element type; then acc = acc + share_i * w_i, with two roundings and
/// no fused multiply-add, in node order. For float32 these are the bits that Fed-BioMed 4.5 computes for PyTorch models. NumPy arrays are divided by
/// the sum of the shares at the end, which need not be 1 to the last bit, as <c>numpy.average</c> does for scikit-learn models.
/// </remarks>
public sealed class FedAvg : IAggregator
{
    /// <inheritdoc/>
    public string Name => "FedAvg";

    /// <inheritdoc/>
    public IRoundAggregation BeginRound(AggregationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        double total = context.Updates.Sum(u => (double)u.SampleCount);
        return new WeightedMean([.. context.Updates.Select(u => u.SampleCount / total)]);
    }

    private sealed class WeightedMean(double[] shares) : IRoundAggregation
    {
        private readonly double _sum = shares.Sum();

        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        {
            WeightedSum.Add(block, shares);
            if (block.Kind == TensorKind.NumPyArray && _sum != 1)
            {
                TensorPrimitives.Divide(block.Result, T.CreateChecked(_sum), block.Result);
            }
        }
    }
}
