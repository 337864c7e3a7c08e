using FedJob.Abstractions;

namespace FedJob.TestPlans;

/// <summary>Throws where the local data is named <c>poison</c>.</summary>
public sealed class PickyPlan : MeanPlan
{
    public override ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken) =>
        context.Dataset.Name == "poison"
            ? throw new InvalidOperationException("this data is poisoned")
            : base.TrainAsync(context, cancellationToken);
}
