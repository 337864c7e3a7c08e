using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob.TrainingPlans;

/// <summary>Builds the model of the researcher's own instance of a plan, and gives it its first parameters.</summary>
internal static class PlanStart
{
    /// <summary>Initialises the plan and returns the parameters to start from: those given, checked against the model, or the model's own.</summary>
    public static async Task<ModelParameters> InitializeAsync(
        PreparedPlan plan,
        JsonObject modelArgs,
        TrainingArgs trainingArgs,
        int seed,
        ModelParameters? given,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        if (plan.Instance is not { } instance)
        {
            return new ModelParameters(given ?? plan.InitialParameters!);
        }

        try
        {
            var context = new InitializationContext
            {
                ModelArgs = JsonArguments.Copy(modelArgs, nameof(modelArgs)),
                TrainingArgs = trainingArgs,
                Seed = seed,
                Logger = loggers.CreateLogger(plan.ClassName),
            };
            await instance.InitializeAsync(context, cancellationToken).ConfigureAwait(false);
            if (given is not null)
            {
                SetParameters(plan, given);
                return new ModelParameters(given);
            }

            return instance.GetParameters() is { Count: > 0 } own
                ? own
                : throw Failed(plan, "has no parameters: GetParameters returned no tensor", null);
        }
        catch (Exception thrown) when (IsPlans(thrown, cancellationToken))
        {
            throw Failed(plan, $"could not be initialised: it threw {thrown.GetType().Name}: {thrown.Message}", thrown);
        }
    }

    /// <summary>Gives the plan other parameters, if they fit its model.</summary>
    public static void SetParameters(PreparedPlan plan, ModelParameters parameters)
    {
        ITrainingPlan instance = plan.Instance!;
        if (parameters.DescribeDifference(instance.GetParameters()) is { } difference)
        {
            throw new TrainingPlanException(FedJobErrorCode.ParametersMismatch, $"The parameters do not fit {plan.ClassName}: {difference}.")
            {
                TypeName = plan.ClassName,
            };
        }

        instance.SetParameters(parameters);
    }

    /// <summary>Whether an exception is the plan's own: neither FedJob's, nor the caller's cancellation.</summary>
    public static bool IsPlans(Exception thrown, CancellationToken cancellationToken) =>
        thrown is not FedJobException && !(thrown is OperationCanceledException && cancellationToken.IsCancellationRequested);

    public static TrainingPlanException Failed(PreparedPlan plan, string how, Exception? thrown) =>
        new(FedJobErrorCode.TrainingPlanFailed, $"Training plan {plan.ClassName} {how}", thrown) { TypeName = plan.ClassName };
}
