using System.Globalization;
using FedJob.Aggregation;

namespace FedBioMed;

/// <summary>The rule of aggregation: the one place where another plugs in.</summary>
/// <param name="Name"><c>fedavg</c> or <c>scaffold</c>.</param>
/// <param name="ServerLearningRate">Scaffold's server learning rate.</param>
internal sealed record RuleChoice(string Name, double? ServerLearningRate)
{
    private const string FedAvgName = "fedavg";
    private const string ScaffoldName = "scaffold";

    /// <exception cref="UsageException">There is no such rule, or the rate is none or belongs to no rule.</exception>
    public static RuleChoice Take(CommandLine line)
    {
        string name = line.Take("--aggregator", (_, text) => text) ?? FedAvgName;
        double? rate = line.Take("--server-lr", (_, text) => text) is { } word ? Rate(word) : null;
        if (name is not (FedAvgName or ScaffoldName))
        {
            throw new UsageException($"--aggregator is '{name}'; expected {FedAvgName} or {ScaffoldName}");
        }

        return rate is not null && name != ScaffoldName
            ? throw new UsageException($"--server-lr belongs to --aggregator {ScaffoldName}, and --aggregator is {name}")
            : new RuleChoice(name, rate);
    }

    public IAggregator Make() => Name == ScaffoldName ? new Scaffold { LearningRate = ServerLearningRate ?? 1 } : new FedAvg();

    private static double Rate(string word) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double rate) && double.IsFinite(rate) && rate > 0
            ? rate
            : throw new UsageException($"--server-lr is '{word}'; expected a number above 0, e.g. 1.0");
}
