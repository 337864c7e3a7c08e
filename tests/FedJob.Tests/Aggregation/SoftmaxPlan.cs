using FedJob.Abstractions;

namespace FedJob.Tests.Aggregation;

/// <summary>Multinomial logistic regression on rows in memory.</summary>
internal sealed class SoftmaxPlan(double[][] x, int[] y, int classes) : SgdTrainingPlan<double>
{
    private readonly ModelVariable<double> _weight = new("weight", new double[x[0].Length * classes], x[0].Length, classes);
    private readonly ModelVariable<double> _bias = new("bias", new double[classes]);

    /// <summary>The mean loss of some parameters on these rows, and how many rows they label rightly.</summary>
    public (double Loss, int Right) Evaluate(ModelParameters parameters)
    {
        SetParameters(parameters);
        double loss = 0;
        int right = 0;
        Span<double> p = stackalloc double[classes];
        for (int row = 0; row < y.Length; row++)
        {
            Probabilities(x[row], p);
            loss -= Math.Log(Math.Max(p[y[row]], 1e-300));
            int best = 0;
            for (int c = 1; c < classes; c++)
            {
                best = p[c] > p[best] ? c : best;
            }

            right += best == y[row] ? 1 : 0;
        }

        return (loss / y.Length, right);
    }

    public override ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) => throw new NotSupportedException();

    protected override IEnumerable<ModelVariable<double>> CreateVariables(InitializationContext context) => [_weight, _bias];

    protected override double ComputeGradient(LocalDataset dataset, IReadOnlyList<int> batch)
    {
        Span<double> p = stackalloc double[classes], slope = _weight.Gradient, bias = _bias.Gradient;
        double loss = 0;
        foreach (int row in batch)
        {
            Probabilities(x[row], p);
            loss -= Math.Log(Math.Max(p[y[row]], 1e-300)) / batch.Count;
            p[y[row]] -= 1;
            for (int c = 0; c < p.Length; c++)
            {
                p[c] /= batch.Count;
                bias[c] += p[c];
            }

            for (int j = 0; j < x[row].Length; j++)
            {
                Span<double> line = slope.Slice(j * p.Length, p.Length);
                for (int c = 0; c < line.Length; c++)
                {
                    line[c] += x[row][j] * p[c];
                }
            }
        }

        return loss;
    }

    private void Probabilities(double[] row, Span<double> p)
    {
        Span<double> weight = _weight.Values;
        _bias.Values.CopyTo(p);
        for (int j = 0; j < row.Length; j++)
        {
            ReadOnlySpan<double> line = weight.Slice(j * p.Length, p.Length);
            for (int c = 0; c < line.Length; c++)
            {
                p[c] += row[j] * line[c];
            }
        }

        double most = double.NegativeInfinity, sum = 0;
        foreach (double logit in p)
        {
            most = Math.Max(most, logit);
        }

        for (int c = 0; c < p.Length; c++)
        {
            p[c] = Math.Exp(p[c] - most);
            sum += p[c];
        }

        for (int c = 0; c < p.Length; c++)
        {
            p[c] /= sum;
        }
    }
}
