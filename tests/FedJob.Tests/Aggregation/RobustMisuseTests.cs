using FedJob.Aggregation;
using FedJob.Rounds;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Aggregation;

/// <summary>Every misuse of a rule is refused as early as it can be known, with the bound that is broken.</summary>
public sealed class RobustMisuseTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(0.7)]
    [InlineData(-0.01)]
    [InlineData(double.NaN)]
    public void TrimmedMean_FractionNotBelowHalf_IsRefused(double fraction) =>
        Refused(() => new TrimmedMean(fraction), "at least 0 and below 0.5");

    [Fact]
    public void Constructors_ValuesOutOfRange_AreRefusedNamingTheRange()
    {
        Refused(() => new Krum(-1), "between 0 and 100,000,000");
        Refused(() => new Krum(int.MaxValue), "between 0 and 100,000,000");
        Refused(() => new MultiKrum(-1), "between 0 and 100,000,000");
        Refused(() => new MultiKrum(1, 0), "at least 1");
        Refused(() => new Bulyan(-2), "between 0 and 100,000,000");
        Refused(() => new GeometricMedian(smoothing: 0), "above 0");
        Refused(() => new GeometricMedian(smoothing: double.PositiveInfinity), "finite");
        Refused(() => new GeometricMedian(maximumIterations: 0), "1 to 10,000");
        Refused(() => new GeometricMedian(tolerance: 1), "below 1");
        Refused(() => new GeometricMedian(tolerance: double.NaN), "below 1");
        Refused(() => new NormClipping(0), "above 0");
        Refused(() => new NormClipping(-1), "above 0");
        Refused(() => new NormClipping(double.NaN), "finite");
        Refused(() => new NormClipping(double.PositiveInfinity), "finite");
    }

    public static TheoryData<IAggregator, int, string> Bounds => new()
    {
        { new Krum(2), 6, "n >= 2 f + 3 = 7" },
        { new Krum(0), 2, "n >= 2 f + 3 = 3" },
        { new MultiKrum(2), 6, "n >= 2 f + 3 = 7" },
        { new MultiKrum(1, 6), 6, "n >= m + f = 7" },
        { new MultiKrum(1, int.MaxValue), 6, "n >= m + f = 2147483648" },
        { new Bulyan(1), 6, "n >= 4 f + 3 = 7" },
        { new TrimmedMean(0.1), 9, "n >= 10" },
        { new TrimmedMean(0.3), 3, "n >= 4" },
    };

    [Theory]
    [MemberData(nameof(Bounds), DisableDiscoveryEnumeration = true)]
    public void Validate_OneNodeTooFew_IsRefusedAndOneMoreIsNot(IAggregator rule, int nodes, string bound)
    {
        AggregationException refused = Assert.Throws<AggregationException>(() => rule.Validate(nodes));

        Assert.Contains(bound, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"there are {nodes}", refused.Message, StringComparison.Ordinal);
        if (!bound.Contains("2147483648", StringComparison.Ordinal))
        {
            rule.Validate(nodes + 1);
        }

        Assert.Throws<AggregationException>(() => rule.BeginRound(RuleBench.Context(RuleBench.Vectors(1, nodes, 2))));
    }

    [Fact]
    public async Task CreateAsync_TooFewNodesForTheRule_IsRefusedBeforeAnythingIsSent()
    {
        using var bench = new JobBench();
        JobOptions options = bench.Options(nodes: 4);
        options.Aggregator = new Krum(1);

        AggregationException refused = await Assert.ThrowsAsync<AggregationException>(() => bench.CreateAsync(options));

        Assert.Contains("Krum with f = 1 needs n >= 2 f + 3 = 5 nodes; there are 4", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(bench.WorkDirectory));
    }

    [Fact]
    public async Task RunRoundAsync_TooFewNodesForItsRule_IsRefusedBeforeAnythingIsSent()
    {
        using var bench = new JobBench();
        await using Job job = await bench.CreateAsync(bench.Options(nodes: 4));

        await Assert.ThrowsAsync<AggregationException>(() => job.RunRoundAsync(new() { Aggregator = new Bulyan(1) }, JobBench.Token));

        Assert.Empty(bench.Sent);
    }

    [Fact]
    public async Task RunRoundAsync_SamplerChoosesTooFewForTheRule_IsRefusedBeforeAnythingIsSent()
    {
        using var bench = new JobBench();
        JobOptions options = bench.Options(nodes: 5);
        options.Aggregator = new Krum(1);
        options.Sampler = new FirstNodes(4);
        await using Job job = await bench.CreateAsync(options);

        AggregationException refused = await Assert.ThrowsAsync<AggregationException>(() => job.RunRoundAsync(new(), JobBench.Token));

        Assert.Contains("there are 4", refused.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Sent);
        await job.RunRoundAsync(new() { Training = false }, JobBench.Token);
    }

    [Fact]
    public async Task RunRoundAsync_TooFewRepliesForTheRule_FailsTypedAndChangesNothing()
    {
        using var bench = new JobBench();
        JobOptions options = bench.Options(nodes: 5);
        options.Aggregator = new Krum(1);
        options.RoundPolicy = options.RoundPolicy with { MinimumReplies = Quorum.Count(4) };
        bench.Node = (ticket, request) => ticket.NodeId == "node_2"
            ? Task.FromResult<FedJob.Protocol.Messages.NodeMessage?>(JobBench.Failed(ticket, "no GPU"))
            : bench.TrainedAsync(ticket, request, 10, 1, 1);
        await using Job job = await bench.CreateAsync(options);
        Uri before = job.ParametersUrl;

        await Assert.ThrowsAsync<AggregationException>(() => job.RunRoundAsync(
            new() { Policy = options.RoundPolicy with { Grace = TimeSpan.FromMinutes(1) } }, JobBench.Token));

        Assert.Equal((before, 0), (job.ParametersUrl, job.Round));
    }

    private static void Refused(Func<object> make, string bound) =>
        Assert.Contains(bound, Assert.Throws<ArgumentOutOfRangeException>(make).Message, StringComparison.Ordinal);

    private sealed class FirstNodes(int count) : FedJob.Nodes.INodeSampler
    {
        public IReadOnlyList<string> Sample(FedJob.Nodes.SamplingContext context) => [.. context.Data.Nodes.Take(count)];
    }
}
