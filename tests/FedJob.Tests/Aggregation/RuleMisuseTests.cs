using FedJob.Aggregation;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Aggregation;

/// <summary>Misuse of a rule: refused where the option is set, or when the job is made, naming the bound that is broken.</summary>
public sealed class RuleMisuseTests : IDisposable
{
    private static readonly Dictionary<string, (Func<IAggregator> Make, string Bound)> Misuses = new(StringComparer.Ordinal)
    {
        ["FedProx, negative mu"] = (() => new FedProx(-0.1), "mu is -0.1; it must be a finite number of at least 0"),
        ["FedProx, NaN"] = (() => new FedProx(double.NaN), "mu is NaN"),
        ["FedProx, infinite"] = (() => new FedProx(double.PositiveInfinity), "mu is"),
        ["FedAvgM, no rate"] = (() => new FedAvgM { LearningRate = 0 }, "LearningRate is 0; it must be a finite number above 0"),
        ["FedAvgM, negative rate"] = (() => new FedAvgM { LearningRate = -1 }, "LearningRate is -1"),
        ["FedAvgM, momentum 1"] = (() => new FedAvgM { Momentum = 1 }, "Momentum is 1; it must be at least 0 and below 1"),
        ["FedAvgM, negative momentum"] = (() => new FedAvgM { Momentum = -0.1 }, "Momentum is -0.1"),
        ["FedAdam, NaN rate"] = (() => new FedAdam { LearningRate = double.NaN }, "LearningRate is NaN"),
        ["FedAdam, beta1 of 1"] = (() => new FedAdam { Beta1 = 1 }, "Beta1 is 1; it must be at least 0 and below 1"),
        ["FedAdam, beta2 of 1"] = (() => new FedAdam { Beta2 = 1 }, "Beta2 is 1; it must be at least 0 and below 1"),
        ["FedAdam, tau of 0"] = (() => new FedAdam { Tau = 0 }, "Tau is 0; it must be a finite number above 0"),
        ["FedYogi, beta2 NaN"] = (() => new FedYogi { Beta2 = double.NaN }, "Beta2 is NaN"),
        ["FedYogi, negative tau"] = (() => new FedYogi { Tau = -1 }, "Tau is -1"),
        ["FedAdagrad, beta1 above 1"] = (() => new FedAdagrad { Beta1 = 1.5 }, "Beta1 is 1.5"),
        ["FedAdagrad, infinite rate"] = (() => new FedAdagrad { LearningRate = double.PositiveInfinity }, "LearningRate is"),
        ["FedNova, momentum 1"] = (() => new FedNova { LocalMomentum = 1 }, "LocalMomentum is 1; it must be at least 0 and below 1"),
        ["Scaffold, negative rate"] = (() => new Scaffold { LearningRate = -1 }, "LearningRate is -1; it must be a finite number above 0"),
        ["FedAvg, no weighting"] = (() => new FedAvg { Weighting = null! }, "Weighting"),
        ["Scaffold, no weighting"] = (() => new Scaffold { Weighting = null! }, "Weighting"),
        ["own weights, none"] = (() => new FedAvg { Weighting = Own() }, "There is no weight"),
        ["own weights, zero"] = (() => new FedAvg { Weighting = Own(("node_1", 0)) }, "'node_1' is 0; it must be a finite number above 0"),
        ["own weights, negative"] = (() => new FedAvg { Weighting = Own(("node_1", -1)) }, "'node_1' is -1"),
        ["own weights, NaN"] = (() => new FedAvg { Weighting = Own(("node_1", double.NaN)) }, "'node_1' is NaN"),
        ["own weights, endless sum"] = (() => new FedAvg { Weighting = Own(("node_1", double.MaxValue), ("node_2", double.MaxValue)) }, "sum of the weights"),
    };

    private readonly JobBench _bench = new();

    public static TheoryData<string> OptionNames => [.. Misuses.Keys];

    [Theory]
    [MemberData(nameof(OptionNames))]
    public void Option_OutOfItsBounds_IsRefusedWhereItIsSet(string misuse) =>
        Assert.Contains(Misuses[misuse].Bound, Assert.ThrowsAny<ArgumentException>(() => Misuses[misuse].Make()).Message, StringComparison.Ordinal);

    [Fact]
    public async Task CreateAsync_ScaffoldWithoutUpdateCount_IsRefused()
    {
        JobOptions options = _bench.Options();
        options.Aggregator = new Scaffold();

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(options));

        Assert.Contains("TrainingArgs.UpdateCount", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Files.UploadNames);
    }

    [Fact]
    public async Task RunRoundAsync_RuleThatCannotUseTheArguments_IsRefusedBeforeAnythingIsSent()
    {
        await using Job job = await _bench.CreateAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => job.RunRoundAsync(new() { Aggregator = new Scaffold() }, JobBench.Token));
        await Assert.ThrowsAsync<ArgumentException>(() => job.RunRoundAsync(new() { Aggregator = new FedNova() }, JobBench.Token));

        Assert.Empty(_bench.Sent);
        Assert.Equal(0, job.Round);
    }

    [Fact]
    public async Task CreateAsync_TwoDifferentMus_AreRefusedNamingBoth()
    {
        JobOptions options = _bench.Options();
        options.TrainingArgs = options.TrainingArgs with { FedProxMu = 0.5 };
        options.Aggregator = new FedProx(0.25);

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(options));

        Assert.Contains("0.5", refused.Message, StringComparison.Ordinal);
        Assert.Contains("0.25", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateAsync_FedNovaWithMomentumAndMu_IsRefused()
    {
        JobOptions options = _bench.Options();
        options.TrainingArgs = new() { UpdateCount = 1, FedProxMu = 0.5 };
        options.Aggregator = new FedNova { LocalMomentum = 0.9 };

        await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(options));
    }

    [Fact]
    public async Task RunRoundAsync_OwnWeightsWithoutOneOfTheNodes_IsRefusedBeforeAnythingIsSent()
    {
        await using Job job = await _bench.CreateAsync();

        foreach (IAggregator rule in (IAggregator[])[new FedAvg { Weighting = Own(("node_1", 1)) }, new FedAvgM { Weighting = Own(("node_1", 1)) }])
        {
            AggregationException refused = await Assert.ThrowsAsync<AggregationException>(() => job.RunRoundAsync(new() { Aggregator = rule }, JobBench.Token));
            Assert.Contains("node_2", refused.Message, StringComparison.Ordinal);
        }

        Assert.Empty(_bench.Sent);
    }

    public void Dispose() => _bench.Dispose();

    private static NodeWeighting Own(params (string Node, double Weight)[] weights) => NodeWeighting.PerNode(weights.ToDictionary(w => w.Node, w => w.Weight));
}
