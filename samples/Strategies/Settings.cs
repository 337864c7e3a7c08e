using FedJob.Abstractions;
using FedJob.Rounds;
using FedJob.TrainingPlans;

namespace Strategies;

/// <summary>The numbers of the experiment; every run gives the same results.</summary>
internal static class Settings
{
    public const int Seed = 42;
    public const double TestShare = 0.25;
    public const int Nodes = 7;

    /// <summary>The hostile node sees every measurement mirrored at its typical value and this many times as far from it.</summary>
    public const double Blow = -100;

    public static string DataFile { get; } = Path.Combine(AppContext.BaseDirectory, "data", "penguins.csv");

    public static TrainingPlanSource Plan { get; } =
        TrainingPlanSource.FromAssembly(Path.Combine(AppContext.BaseDirectory, "plan", "PenguinPlan.dll"), "Penguins.PenguinPlan");

    public static TrainingArgs TrainingArgs { get; } = new() { Epochs = 2, BatchSize = 8, LearningRate = 0.2, LogInterval = 100, RandomSeed = Seed };

    /// <summary>One node may fail or be left out.</summary>
    public static RoundPolicy Policy { get; } = new()
    {
        Deadline = TimeSpan.FromSeconds(30),
        Grace = TimeSpan.FromSeconds(30),
        MinimumReplies = Quorum.Count(Nodes - 1),
    };
}
