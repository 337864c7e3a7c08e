using System.Buffers;
using System.Reflection;
using FedJob.Abstractions;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>
/// Finds the plan's type in a loaded assembly. Only looks: no constructor, static initializer or attribute of the plan runs.
/// </summary>
internal static class PlanTypes
{
    private const int MaximumListed = 20;

    /// <summary>A full name with these characters would name an array, a pointer, a closed generic type or a type elsewhere.</summary>
    private static readonly SearchValues<char> NotInNames = SearchValues.Create("[],*&\\");

    /// <summary>Finds a type's constructor.</summary>
    /// <param name="plan">The plan's assembly.</param>
    /// <param name="typeName">The full name of the type.</param>
    /// <returns>The public parameterless constructor of the type.</returns>
    /// <exception cref="TrainingPlanException">There is no such type, or it is no usable training plan.</exception>
    public static ConstructorInfo FindConstructor(Assembly plan, string typeName)
    {
        try
        {
            Type? type = typeName.AsSpan().IndexOfAny(NotInNames) < 0 ? plan.GetType(typeName, throwOnError: false) : null;
            if (type is null)
            {
                throw Invalid(plan, typeName, $"has no type '{typeName}'; {ListPlans(plan)}");
            }

            return WhyUnusable(type) is { } reason
                ? throw Invalid(plan, typeName, $"has the type '{typeName}', but it {reason}; {ListPlans(plan)}")
                : type.GetConstructor(Type.EmptyTypes)!;
        }
        catch (Exception exception) when (PlanLoadContext.IsLoadFailure(exception))
        {
            string reason = PlanLoadContext.Describe(exception);
            throw Invalid(plan, typeName, $"has the type '{typeName}', but it cannot be loaded: {reason}", exception);
        }
    }

    private static string? WhyUnusable(Type type) => type switch
    {
        { IsVisible: false } => "is not public",
        { IsClass: false } => "is no class",
        { IsAbstract: true } => "is abstract",
        { ContainsGenericParameters: true } => "is generic",
        _ when !typeof(ITrainingPlan).IsAssignableFrom(type) => WhyNoPlan(type),
        _ when type.GetConstructor(Type.EmptyTypes) is null => "has no public parameterless constructor",
        _ => null,
    };

    private static string WhyNoPlan(Type type)
    {
        Type? copy = type.GetInterfaces().FirstOrDefault(i => i.FullName == typeof(ITrainingPlan).FullName);
        return copy is null
            ? $"does not implement {typeof(ITrainingPlan).FullName}"
            : $"implements a copy of {copy.FullName} in '{copy.Assembly.GetName().Name}' instead of the one in FedJob.Abstractions";
    }

    private static string ListPlans(Assembly plan)
    {
        Type?[] types;
        try
        {
            types = plan.GetTypes();
        }
        catch (ReflectionTypeLoadException exception)
        {
            types = exception.Types; // those that could be loaded
        }

        string[] names = [.. types.OfType<Type>().Where(IsUsable).Select(t => t.FullName!).Order(StringComparer.Ordinal)];
        return names.Length == 0
            ? "it holds no training plan: a public class with a public parameterless constructor that implements ITrainingPlan."
            : $"its training plans are: {string.Join(", ", names.Take(MaximumListed))}{(names.Length > MaximumListed ? ", ..." : "")}. "
                + "Give the full name of one.";
    }

    private static bool IsUsable(Type type)
    {
        try
        {
            return WhyUnusable(type) is null;
        }
        catch (Exception exception) when (PlanLoadContext.IsLoadFailure(exception))
        {
            return false; // a list of what could be meant need not tell why another type fails
        }
    }

    private static TrainingPlanException Invalid(Assembly plan, string typeName, string what, Exception? inner = null) =>
        new(FedJobErrorCode.TrainingPlanTypeInvalid, $"The training plan's assembly '{plan.GetName().Name}' {what}", inner)
        {
            Assembly = plan.GetName().Name,
            TypeName = typeName,
        };
}
