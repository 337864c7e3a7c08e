using FedJob.Abstractions;

namespace FedJob.Tests.Jobs;

/// <summary>A plan without data: its model is {w: float[2]}, made from the seed.</summary>
public class MeanPlan : ITrainingPlan
{
    private float[] _weights = [0, 0];

    public Exception? Throws { get; set; }

    public bool IsEmpty { get; set; }

    public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken)
    {
        _weights = [context.Seed, 1];
        return Throws is null ? ValueTask.CompletedTask : throw Throws;
    }

    public ModelParameters GetParameters() => IsEmpty ? [] : new() { ["w"] = ParameterTensor.FromArray((float[])_weights.Clone()) };

    public void SetParameters(ModelParameters parameters) => _weights = parameters["w"].AsSpan<float>().ToArray();

    public ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        if (Throws is not null)
        {
            throw Throws;
        }

        _weights[0] += context.Samples.Count;
        return ValueTask.FromResult(new TrainingResult { SampleCount = context.Samples.Count });
    }

    public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new EvaluationResult
        {
            Metrics = new Dictionary<string, double> { ["w0"] = _weights[0] },
            SampleCount = context.Samples.Count,
        });
}
