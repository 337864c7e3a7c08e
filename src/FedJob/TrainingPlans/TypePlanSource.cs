using FedJob.Abstractions;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.TrainingPlans;

/// <summary>A plan by type or instance: its assembly's file travels, the instance is made here without a load context.</summary>
internal sealed class TypePlanSource : TrainingPlanSource
{
    private readonly Type _type;
    private readonly ITrainingPlan? _instance;

    public TypePlanSource(Type type, ITrainingPlan? instance)
    {
        string? flaw = !typeof(ITrainingPlan).IsAssignableFrom(type) ? "does not implement ITrainingPlan"
            : !type.IsClass ? "is no class"
            : type.IsAbstract ? "is abstract"
            : type.ContainsGenericParameters || type.IsGenericType ? "is generic"
            : !type.IsVisible ? "is not public"
            : type.GetConstructor(Type.EmptyTypes) is null ? "has no public parameterless constructor"
            : type.Assembly.IsDynamic || string.IsNullOrEmpty(type.Assembly.Location) ? "lies in an assembly without a file; compile it to a file and use FromAssembly"
            : null;
        if (flaw is not null)
        {
            throw new TrainingPlanException(
                FedJobErrorCode.TrainingPlanTypeInvalid, $"{type.FullName} cannot run at nodes: it {flaw}.")
            {
                Assembly = type.Assembly.GetName().Name,
                TypeName = type.FullName,
            };
        }

        (_type, _instance) = (type, instance);
    }

    internal override async Task<PreparedPlan> PrepareAsync(CancellationToken cancellationToken)
    {
        PlanBundle bundle = await PlanBundle.FromAssemblyAsync(_type.Assembly.Location, cancellationToken).ConfigureAwait(false);
        ITrainingPlan instance = _instance ?? Create();
        return new PreparedPlan(
            bundle.Bytes, ".zip", new FileDigest(DigestAlgorithm.Sha256, bundle.Sha256), _type.FullName!, instance)
        {
            IsCallersInstance = _instance is not null,
        };
    }

    private ITrainingPlan Create()
    {
        try
        {
            return (ITrainingPlan)Activator.CreateInstance(_type)!;
        }
        catch (Exception thrown)
        {
            Exception cause = thrown is System.Reflection.TargetInvocationException or TypeInitializationException ? thrown.InnerException ?? thrown : thrown;
            throw new TrainingPlanException(
                FedJobErrorCode.TrainingPlanTypeInvalid, $"The constructor of {_type.FullName} threw {cause.GetType().Name}: {cause.Message}", cause)
            {
                Assembly = _type.Assembly.GetName().Name,
                TypeName = _type.FullName,
            };
        }
    }
}
