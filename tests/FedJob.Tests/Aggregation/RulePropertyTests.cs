using CsCheck;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>What holds for every rule, whatever the updates.</summary>
public sealed class RulePropertyTests
{
    private static readonly TrainingArgs Arguments = new() { UpdateCount = 4, LearningRate = 0.1 };

    private static readonly Dictionary<string, Func<NodeWeighting, IAggregator>> Rules = new(StringComparer.Ordinal)
    {
        ["FedAvg"] = w => new FedAvg { Weighting = w },
        ["FedProx"] = w => new FedProx(0.1) { Weighting = w },
        ["FedNova"] = w => new FedNova { Weighting = w },
        ["Scaffold"] = w => new Scaffold { Weighting = w },
        ["FedAvgM"] = w => new FedAvgM { Weighting = w },
        ["FedAdam"] = w => new FedAdam { Weighting = w },
        ["FedYogi"] = w => new FedYogi { Weighting = w },
        ["FedAdagrad"] = w => new FedAdagrad { Weighting = w },
    };

    /// <summary>The global parameters, and of each node samples and parameters.</summary>
    private static readonly Gen<(double[] Global, (long Samples, double[] W)[] Nodes)> AnyRound = Gen.Select(
        Gen.Double[-100, 100].Array[4], Gen.Select(Gen.Long[1, 1000], Gen.Double[-100, 100].Array[4]).Array[1, 6]);

    public static TheoryData<string> Names => [.. Rules.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Combine_NodesInAnotherOrder_GivesTheSameResult(string rule) => Gen.Select(AnyRound, Gen.Int).Sample((round, seed) =>
    {
        NodeUpdate[] updates = Updates(round.Nodes), permuted = [.. updates];
        new Random(seed).Shuffle(permuted);

        AssertClose(Combine(Rules[rule](NodeWeighting.SampleCount), round.Global, updates), Combine(Rules[rule](NodeWeighting.SampleCount), round.Global, permuted));
    });

    /// <summary>Scaffold and the rules whose server takes a whole step; the adaptive ones scale it on purpose.</summary>
    [Theory]
    [InlineData("FedAvg")]
    [InlineData("FedProx")]
    [InlineData("FedNova")]
    [InlineData("Scaffold")]
    [InlineData("FedAvgM")]
    public void Combine_OneNode_IsTheIdentity(string rule) => AnyRound.Sample(round =>
        AssertClose(round.Nodes[0].W, Combine(Rules[rule](NodeWeighting.SampleCount), round.Global, Updates(round.Nodes[..1]))));

    [Theory]
    [MemberData(nameof(Names))]
    public void Combine_WeightsScaled_GivesTheSameResult(string rule) => Gen.Select(AnyRound, Gen.Double[1e-6, 1e6]).Sample((round, scale) =>
    {
        NodeUpdate[] updates = Updates(round.Nodes);
        NodeWeighting Weights(double factor) => NodeWeighting.PerNode(updates.ToDictionary(u => u.NodeId, u => u.SampleCount * factor));

        double[] once = Combine(Rules[rule](Weights(1)), round.Global, updates);
        AssertClose(once, Combine(Rules[rule](Weights(scale)), round.Global, updates));
        AssertClose(once, Combine(Rules[rule](NodeWeighting.SampleCount), round.Global, updates));
    });

    [Theory]
    [MemberData(nameof(Names))]
    public void Combine_EqualSamples_WeighsLikeUniform(string rule) => AnyRound.Sample(round =>
    {
        NodeUpdate[] updates = Updates([.. round.Nodes.Select(n => (7L, n.W))]);

        AssertClose(Combine(Rules[rule](NodeWeighting.Uniform), round.Global, updates), Combine(Rules[rule](NodeWeighting.SampleCount), round.Global, updates));
    });

    [Theory]
    [MemberData(nameof(Names))]
    public void Combine_NobodyMoved_MovesNothing(string rule) => AnyRound.Sample(round =>
        AssertClose(round.Global, Combine(Rules[rule](NodeWeighting.SampleCount), round.Global, Updates([.. round.Nodes.Select(n => (n.Samples, round.Global))]))));

    [Fact]
    public void Combine_Uniform_IsTheDecimalMean() => AnyRound.Sample(round =>
    {
        double[] got = Combine(new FedAvg { Weighting = NodeWeighting.Uniform }, round.Global, Updates(round.Nodes));

        AssertClose([.. Enumerable.Range(0, 4).Select(i => (double)(round.Nodes.Sum(n => (decimal)n.W[i]) / round.Nodes.Length))], got);
    });

    [Fact]
    public void Combine_OwnWeights_IsTheirDecimalMean() => Gen.Select(AnyRound, Gen.Double[0.1, 100].Array[6]).Sample((round, weights) =>
    {
        var own = NodeWeighting.PerNode(weights.Select((w, i) => (w, i)).ToDictionary(w => $"node_{w.i}", w => w.w));

        double[] got = Combine(new FedAvg { Weighting = own }, round.Global, Updates(round.Nodes));

        decimal total = round.Nodes.Select((_, n) => (decimal)weights[n]).Sum();
        AssertClose([.. Enumerable.Range(0, 4).Select(i => (double)(round.Nodes.Select((node, n) => (decimal)node.W[i] * (decimal)weights[n]).Sum() / total))], got);
    });

    [Fact]
    public void Combine_FedNovaOfEqualSteps_IsFedAvg() => AnyRound.Sample(round =>
        AssertClose(Combine(new FedAvg(), round.Global, Updates(round.Nodes)), Combine(new FedNova(), round.Global, Updates(round.Nodes))));

    private static NodeUpdate[] Updates((long Samples, double[] W)[] nodes) =>
        [.. nodes.Select((n, i) => Rule.Update($"node_{i}", n.Samples, n.W) with { TrainingArgs = Arguments })];

    private static double[] Combine(IAggregator rule, double[] global, NodeUpdate[] updates) => Rule.Combine(rule, global, updates);

    private static void AssertClose(double[] expected, double[] got)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], got[i], 1e-9);
        }
    }
}
