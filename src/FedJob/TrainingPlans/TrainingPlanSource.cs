using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.TrainingPlans;

/// <summary>Where a job's training plan comes from. The plan's file is bundled, hashed and uploaded once a job; nodes run exactly those bytes.</summary>
public abstract class TrainingPlanSource
{
    private protected TrainingPlanSource()
    {
    }

    /// <summary>A plan in a compiled assembly, with the private dependencies that lie beside it. It is loaded into a collectible context of its own.</summary>
    /// <param name="assemblyPath">The assembly's file.</param>
    /// <param name="typeName">The full name of the plan's type.</param>
    /// <returns>The source; the file is read when a job is made.</returns>
    public static TrainingPlanSource FromAssembly(string assemblyPath, string typeName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(assemblyPath);
        ArgumentException.ThrowIfNullOrWhiteSpace(typeName);
        return new AssemblyPlanSource(assemblyPath, typeName);
    }

    /// <summary>A plan by its type; its assembly must lie in a file.</summary>
    /// <typeparam name="TPlan">The plan's type.</typeparam>
    /// <returns>The source.</returns>
    public static TrainingPlanSource FromType<TPlan>()
        where TPlan : ITrainingPlan, new() => FromType(typeof(TPlan));

    /// <summary>A plan by its type; its assembly must lie in a file.</summary>
    /// <param name="planType">The plan's type: public, with a public parameterless constructor.</param>
    /// <returns>The source.</returns>
    /// <exception cref="TrainingPlanException">The type is no training plan that nodes could make.</exception>
    public static TrainingPlanSource FromType(Type planType)
    {
        ArgumentNullException.ThrowIfNull(planType);
        return new TypePlanSource(planType, null);
    }

    /// <summary>
    /// A plan instance: its type travels to the nodes, and the job's initial parameters are this instance's after
    /// <see cref="ITrainingPlan.InitializeAsync"/>. The instance stays the caller's.
    /// </summary>
    /// <param name="plan">The instance.</param>
    /// <returns>The source.</returns>
    /// <exception cref="TrainingPlanException">The instance's type is none that nodes could make.</exception>
    public static TrainingPlanSource FromInstance(ITrainingPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new TypePlanSource(plan.GetType(), plan);
    }

    /// <summary>
    /// A Fed-BioMed training plan for Python nodes: the module travels as it is, FedJob never runs it. What only Python could tell, the
    /// model's initial parameters, is given here.
    /// </summary>
    /// <param name="modulePath">The Python file, UTF-8.</param>
    /// <param name="className">The plan's class in it.</param>
    /// <param name="initialParameters">The parameters to start from, with exactly the names and shapes of the model; kinds as the nodes need them:
    /// <see cref="TensorKind.TorchTensor"/> for PyTorch plans, <see cref="TensorKind.NumPyArray"/> for scikit-learn plans. They stay the caller's and are read when a job is made.</param>
    /// <returns>The source; the file is read when a job is made.</returns>
    public static TrainingPlanSource FromPythonModule(string modulePath, string className, ModelParameters initialParameters)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(modulePath);
        ArgumentException.ThrowIfNullOrWhiteSpace(className);
        ArgumentNullException.ThrowIfNull(initialParameters);
        return initialParameters.Count > 0
            ? new PythonPlanSource(modulePath, className, initialParameters)
            : throw new ArgumentException("The initial parameters hold no tensor; a Python plan's model has at least one.", nameof(initialParameters));
    }

    /// <summary>Reads and checks the plan, and makes the researcher's own instance of it.</summary>
    internal abstract Task<PreparedPlan> PrepareAsync(CancellationToken cancellationToken);
}
