using FedJob.Abstractions;

namespace FedJob.TestPlans;

/// <summary>Descends f(m) = n / 2 (m - b)^2, n being the number of rows of the column <c>x</c> and b their mean, in the parameter <c>mean</c>.</summary>
public sealed class QuadraticPlan : SgdTrainingPlan<double>
{
    private readonly ModelVariable<double> _mean = new("mean", [0.0]);

    protected override IEnumerable<ModelVariable<double>> CreateVariables(InitializationContext context) => [_mean];

    protected override double ComputeGradient(LocalDataset dataset, IReadOnlyList<int> batch)
    {
        ReadOnlySpan<double> x = ((TabularDataset)dataset)["x"].Numbers;
        double loss = 0;
        foreach (int row in batch)
        {
            double off = _mean.Values[0] - x[row];
            _mean.Gradient[0] += off;
            loss += off * off / 2;
        }

        return loss;
    }

    public override ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) => throw new NotSupportedException();
}
