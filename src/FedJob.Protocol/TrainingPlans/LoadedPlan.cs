using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using FedJob.Abstractions;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>
/// A bundle loaded into a collectible load context of its own. The contract assembly and the framework are shared; everything else in the
/// bundle is private. A load context is no sandbox: the plan's code can do whatever the process may, so load only what was approved.
/// </summary>
public sealed class LoadedPlan : IDisposable
{
    private Content? _content;

    private LoadedPlan(PlanLoadContext context, ConstructorInfo constructor, string typeName)
    {
        _content = new Content(context, constructor);
        TypeName = typeName;
        Unloading = new WeakReference(context, trackResurrection: true);
    }

    /// <summary>The full name of the plan's type.</summary>
    public string TypeName { get; }

    /// <summary>
    /// Dead once the context is really unloaded: some garbage collections after <see cref="Dispose"/>, when nothing of the plan is
    /// referenced any more: no instance, no exception it threw, no delegate, type or cached serializer of its types.
    /// </summary>
    public WeakReference Unloading { get; }

    /// <summary>Loads a bundle and finds the plan's type, without running any of its code.</summary>
    /// <param name="bundle">The bundle, whose hash the caller has checked.</param>
    /// <param name="typeName">The full name of the type.</param>
    /// <returns>The loaded plan.</returns>
    /// <exception cref="ArgumentException">The type name is empty.</exception>
    /// <exception cref="TrainingPlanException">
    /// The assembly cannot be loaded or references what is not there (<see cref="FedJobErrorCode.TrainingPlanAssemblyInvalid"/>); or the
    /// type is missing, not public, abstract, generic, no <see cref="ITrainingPlan"/>, or has no public parameterless constructor
    /// (<see cref="FedJobErrorCode.TrainingPlanTypeInvalid"/>).
    /// </exception>
    public static LoadedPlan Load(PlanBundle bundle, string typeName)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentException.ThrowIfNullOrWhiteSpace(typeName);
        var context = new PlanLoadContext(bundle);
        try
        {
            return new LoadedPlan(context, PlanTypes.FindConstructor(context.LoadPlan(), typeName), typeName);
        }
        catch
        {
            context.Unload();
            throw;
        }
    }

    /// <summary>Makes an instance.</summary>
    /// <returns>The instance; let it go before expecting the context to unload.</returns>
    /// <exception cref="TrainingPlanException">
    /// The constructor or a static initializer threw (<see cref="FedJobErrorCode.TrainingPlanTypeInvalid"/>); the inner exception is what
    /// it threw, and keeps the plan loaded while it is referenced.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The plan was unloaded.</exception>
    [SuppressMessage("Design", "CA1031", Justification = "A plan may throw anything; it is passed on inside the typed error.")]
    public ITrainingPlan CreateInstance()
    {
        Content content = Volatile.Read(ref _content)
            ?? throw new ObjectDisposedException(nameof(LoadedPlan), $"The plan '{TypeName}' was unloaded.");
        try
        {
            return (ITrainingPlan)content.Constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, null, null);
        }
        catch (Exception exception)
        {
            throw new TrainingPlanException(
                FedJobErrorCode.TrainingPlanTypeInvalid,
                $"The constructor of the training plan '{TypeName}' threw {exception.GetType().FullName}: {exception.Message} "
                + "Mend the plan: its constructor should do nothing but set fields; build the model in InitializeAsync.",
                exception)
            {
                Assembly = content.Constructor.Module.Assembly.GetName().Name,
                TypeName = TypeName,
            };
        }
    }

    /// <summary>Begins unloading; instances that are still in use go on working. May be called more than once.</summary>
    public void Dispose() => Interlocked.Exchange(ref _content, null)?.Context.Unload();

    private sealed record Content(PlanLoadContext Context, ConstructorInfo Constructor);
}
