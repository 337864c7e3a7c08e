using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.TestPlans;

/// <summary>
/// Learns the mean of the column <c>x</c>: each training moves the one parameter half the way from where it is to the local mean. Simple enough that a
/// test can compute every round by hand.
/// </summary>
public class MeanPlan : ITrainingPlan
{
    private double _mean;

    public virtual ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken)
    {
        _mean = context.ModelArgs["start"]?.GetValue<double>() ?? 0;
        return ValueTask.CompletedTask;
    }

    public ModelParameters GetParameters() => new() { ["mean"] = ParameterTensor.Create<double>([_mean], 1) };

    public void SetParameters(ModelParameters parameters) => _mean = parameters["mean"].AsSpan<double>()[0];

    public virtual ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        var table = (TabularDataset)context.Dataset;
        double local = LocalMean(table, context.Samples);
        _mean += (local - _mean) / 2;
        context.Logger.LogInformation("trained on {Count} samples", context.Samples.Count);
        context.Progress?.Report(new MetricReport
        {
            Metrics = new Dictionary<string, double> { ["Loss"] = Math.Abs(local - _mean) },
            Epoch = 1,
            Iteration = 1,
            TotalSamples = context.Samples.Count,
            BatchSamples = context.Samples.Count,
            BatchCount = 1,
            SamplesTrained = context.Samples.Count,
        });
        return ValueTask.FromResult(new TrainingResult { SampleCount = context.Samples.Count, LearningRate = 0.5 });
    }

    public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new EvaluationResult
        {
            Metrics = new Dictionary<string, double> { ["MAE"] = Math.Abs(LocalMean((TabularDataset)context.Dataset, context.Samples) - _mean) },
            SampleCount = context.Samples.Count,
        });

    private static double LocalMean(TabularDataset table, IReadOnlyList<int> samples)
    {
        ReadOnlySpan<double> x = table["x"].Numbers;
        double sum = 0;
        foreach (int sample in samples)
        {
            sum += x[sample];
        }

        return sum / samples.Count;
    }
}
