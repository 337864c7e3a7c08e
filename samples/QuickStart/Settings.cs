using FedJob.Abstractions;
using FedJob.TrainingPlans;

namespace QuickStart;

/// <summary>The numbers of the experiment; every run gives the same results.</summary>
internal static class Settings
{
    public const int Seed = 42;
    public const double TestShare = 0.25;

    public static string DataFile { get; } = Path.Combine(AppContext.BaseDirectory, "data", "penguins.csv");

    public static TrainingArgs TrainingArgs { get; } = new()
    {
        Epochs = 2,
        BatchSize = 8,
        LearningRate = 0.2,
        LogInterval = 4,
        RandomSeed = Seed,
    };

    /// <summary>The plan, loaded from its compiled assembly as a user's plan would be.</summary>
    public static TrainingPlanSource Plan(this Options options) => TrainingPlanSource.FromAssembly(options.PlanAssembly, options.PlanType);
}
