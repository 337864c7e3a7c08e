using FedJob.Abstractions;

namespace MeanPlan;

/// <summary>The smallest plan there is: its one parameter becomes the mean of the column "x".</summary>
public sealed class MeanOfColumn : ITrainingPlan
{
    private float _mean;

    public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ModelParameters GetParameters() => new() { ["mean"] = ParameterTensor.FromArray(new[] { _mean }, 1) };

    public void SetParameters(ModelParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _mean = parameters["mean"].AsSpan<float>()[0];
    }

    public ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        _mean = (float)Values(context.Dataset, context.Samples).Average();
        return ValueTask.FromResult(new TrainingResult { SampleCount = context.Samples.Count });
    }

    public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        double error = Values(context.Dataset, context.Samples).Average(x => Math.Abs(x - _mean));
        return ValueTask.FromResult(new EvaluationResult
        {
            Metrics = new Dictionary<string, double> { ["MEAN_ABSOLUTE_ERROR"] = error }, SampleCount = context.Samples.Count,
        });
    }

    private static IEnumerable<double> Values(LocalDataset dataset, IReadOnlyList<int> samples)
    {
        double[] column = ((TabularDataset)dataset)["x"].Numbers.ToArray();
        return samples.Select(i => column[i]);
    }
}
