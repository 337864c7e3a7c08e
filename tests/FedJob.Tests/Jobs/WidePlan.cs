using FedJob.Abstractions;

namespace FedJob.Tests.Jobs;

/// <summary>A plan whose model is large enough that its files' room is worth reusing: {w: float[80,000]}.</summary>
public class WidePlan : ITrainingPlan
{
    public const int Length = 80_000;

    protected virtual int Elements => Length;

    public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ModelParameters GetParameters() => new() { ["w"] = ParameterTensor.FromArray(new float[Elements]) };

    public void SetParameters(ModelParameters parameters) => throw new NotSupportedException("Only the researcher's side is tested.");

    public ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only the researcher's side is tested.");

    public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only the researcher's side is tested.");
}
