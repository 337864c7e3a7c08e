using System.Globalization;
using FedJob.Abstractions;

namespace FedJob.TestPlans;

/// <summary>
/// Moves its parameters by values drawn with the seed of the training and by how often it was trained before, which its node keeps: a training too many, or
/// from another state, shows in every bit of the result.
/// </summary>
public sealed class DriftPlan : ITrainingPlan
{
    private const int Size = 16;
    private double[] _weights = new double[Size];
    private int _trainings;

    public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken)
    {
        var random = new Random(context.Seed);
        _weights = [.. Enumerable.Range(0, Size).Select(_ => random.NextDouble())];
        return ValueTask.CompletedTask;
    }

    public ModelParameters GetParameters() => new() { ["weights"] = ParameterTensor.Create<double>(_weights, Size) };

    public void SetParameters(ModelParameters parameters) => _weights = parameters["weights"].AsSpan<double>().ToArray();

    public ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        double local = ((TabularDataset)context.Dataset)["x"].Numbers[context.Samples[0]];
        var random = new Random(context.Seed);
        _trainings++;
        for (int i = 0; i < _weights.Length; i++)
        {
            _weights[i] += ((local - _weights[i]) / (2 + _trainings)) + random.NextDouble();
        }

        context.Progress?.Report(new MetricReport
        {
            Metrics = new Dictionary<string, double> { ["Loss"] = _weights[0] },
            Epoch = 1,
            Iteration = 1,
            TotalSamples = context.Samples.Count,
            BatchSamples = context.Samples.Count,
            BatchCount = 1,
            SamplesTrained = context.Samples.Count,
        });
        return ValueTask.FromResult(new TrainingResult { SampleCount = context.Samples.Count, LearningRate = 0.1 });
    }

    public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new EvaluationResult { Metrics = new Dictionary<string, double> { ["W"] = _weights[0] }, SampleCount = context.Samples.Count });

    public async ValueTask SaveStateAsync(Stream destination, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(destination, leaveOpen: true);
        await writer.WriteAsync(_trainings.ToString(CultureInfo.InvariantCulture).AsMemory(), cancellationToken);
    }

    public async ValueTask RestoreStateAsync(Stream source, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(source, leaveOpen: true);
        _trainings = int.Parse(await reader.ReadToEndAsync(cancellationToken), CultureInfo.InvariantCulture);
    }
}
