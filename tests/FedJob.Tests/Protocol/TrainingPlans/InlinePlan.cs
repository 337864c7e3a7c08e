using FedJob.Abstractions;

namespace FedJob.Tests.Protocol.TrainingPlans;

/// <summary>A plan that was written inside a program rather than in an assembly of its own.</summary>
public sealed class InlinePlan : ITrainingPlan
{
    public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken) => default;

    public ModelParameters GetParameters() => [];

    public void SetParameters(ModelParameters parameters)
    {
    }

    public ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new TrainingResult { SampleCount = 1 });

    public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new EvaluationResult { Metrics = new Dictionary<string, double>(), SampleCount = 1 });
}
