using System.Text.Json;
using FedJob.Abstractions;

namespace FedJob.TestPlans;

/// <summary>
/// Logistic regression by plain descent whose batches come from its data file, so that a published run can be repeated to the digit: the file is a JSON object
/// {x: rows of features, y: 0 or 1, batches: rows of indices}; round r takes the batches r K to r K + K - 1, K being the update count.
/// </summary>
public sealed class LogisticTracePlan : SgdTrainingPlan<double>
{
    private readonly ModelVariable<double> _weight = new("weight", new double[13]);
    private readonly ModelVariable<double> _bias = new("bias", new double[1]);
    private Rows? _rows;

    protected override IEnumerable<ModelVariable<double>> CreateVariables(InitializationContext context) => [_weight, _bias];

    protected override IEnumerable<IReadOnlyList<int>> Batches(TrainingContext context, int epoch, Random random)
    {
        ArgumentNullException.ThrowIfNull(context);
        int steps = context.TrainingArgs.UpdateCount!.Value;
        return RowsOf(context.Dataset).Batches.Skip(context.Round * steps).Take(steps);
    }

    protected override double ComputeGradient(LocalDataset dataset, IReadOnlyList<int> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Rows rows = RowsOf(dataset);
        double loss = 0;
        foreach (int row in batch)
        {
            double[] x = rows.X[row];
            double logit = _bias.Values[0];
            for (int i = 0; i < x.Length; i++)
            {
                logit += _weight.Values[i] * x[i];
            }

            double probability = 1 / (1 + Math.Exp(-logit));
            double slope = (probability - rows.Y[row]) / batch.Count;
            for (int i = 0; i < x.Length; i++)
            {
                _weight.Gradient[i] += slope * x[i];
            }

            _bias.Gradient[0] += slope;
            loss -= Math.Log(rows.Y[row] == 1 ? probability : 1 - probability) / batch.Count;
        }

        return loss;
    }

    public override ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        Rows rows = RowsOf(context.Dataset);
        int right = context.Samples.Count(s => (_bias.Values[0] + Dot(rows.X[s]) > 0) == (rows.Y[s] == 1));
        return ValueTask.FromResult(new EvaluationResult
        {
            Metrics = new Dictionary<string, double>(StringComparer.Ordinal) { ["ACCURACY"] = right / (double)context.Samples.Count },
            SampleCount = context.Samples.Count,
        });
    }

    private double Dot(double[] x) => x.Select((value, i) => value * _weight.Values[i]).Sum();

    private Rows RowsOf(LocalDataset dataset) =>
        _rows ??= JsonSerializer.Deserialize<Rows>(File.ReadAllBytes(((FileDataset)dataset).Path), JsonSerializerOptions.Web)!;

    private sealed record Rows(double[][] X, int[] Y, int[][] Batches);
}
