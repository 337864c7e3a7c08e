using System.Globalization;
using FedJob.Abstractions;
using Microsoft.Extensions.Logging;

namespace FedJob.TestPlans;

/// <summary>Counts, in the state its node keeps for it, how often it was trained there; says the count in its log.</summary>
public sealed class CountingPlan : MeanPlan, ITrainingPlan
{
    private int _trainings;

    public override ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        _trainings++;
        context.Logger.LogInformation("training number {Number}", _trainings);
        return base.TrainAsync(context, cancellationToken);
    }

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
