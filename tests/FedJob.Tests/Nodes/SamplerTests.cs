using CsCheck;
using FedJob.Abstractions;
using FedJob.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Nodes;

public sealed class SamplerTests
{
    private static readonly string[] Letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

    [Fact]
    public void Sample_ContextsOfBefore_GiveTheStoredChoices()
    {
        string[] choices =
        [
            .. Enumerable.Range(0, 4).Select(seed => string.Concat(new CountSampler(3).Sample(Of(seed, Alike())))),
            .. Enumerable.Range(0, 4).Select(seed => string.Concat(new FractionSampler(0.4).Sample(Of(seed, Alike())))),
            .. Enumerable.Range(0, 4).Select(seed => string.Concat(new WeightedSampler(2).Sample(Of(seed, Growing())))),
        ];

        // Stored from .NET 10: another choice means that jobs of before can no longer be repeated.
        Assert.Equal("ade acd fgh efg acde acdh cfgh efgi af bf hi hi", string.Join(" ", choices));
    }

    [Fact]
    public void Sample_AnyContext_GivesTheSameNodesTwiceNoneTwiceInOrder() =>
        Gen.Select(Gen.Int, Gen.Int[1, 10], Gen.Double[0.001, 1.0]).Sample((seed, count, fraction) =>
        {
            foreach (INodeSampler sampler in new INodeSampler[] { new CountSampler(count), new FractionSampler(fraction, count), new WeightedSampler(count) })
            {
                IReadOnlyList<string> chosen = sampler.Sample(Of(seed, Growing()));
                Assert.Equal(chosen, sampler.Sample(Of(seed, Growing())));
                Assert.Equal(chosen.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), chosen);
                Assert.InRange(chosen.Count, count, Math.Max(count, (int)Math.Ceiling(fraction * 10)));
            }
        });

    [Fact]
    public void Sample_ConsecutiveRounds_DrawsAllNodesAlike()
    {
        const int Rounds = 10_000;
        Dictionary<string, int> drawn = Letters.ToDictionary(n => n, _ => 0, StringComparer.Ordinal);
        Dictionary<string, int> again = Letters.ToDictionary(n => n, _ => 0, StringComparer.Ordinal);
        string before = string.Empty;
        for (int round = 0; round < Rounds; round++)
        {
            string node = Assert.Single(new CountSampler(1).Sample(Of(round, Alike())));
            drawn[node]++;
            again[node] += node == before ? 1 : 0;
            before = node;
        }

        // 1,000 expected with a deviation of 30, and 100 expected with one of 10: five deviations.
        Assert.All(drawn.Values, count => Assert.InRange(count, 850, 1150));
        Assert.All(again.Values, count => Assert.InRange(count, 50, 150));
    }

    [Fact]
    public void WeightedSampler_Sizes_DrawsInProportionWithoutReplacement()
    {
        const int Rounds = 10_000;
        FederatedDataset data = Data(("a", [10, 3]), ("b", [30, 3]), ("c", [60, 3]), ("d", [0, 3]));
        Dictionary<string, int> one = data.Nodes.ToDictionary(n => n, _ => 0, StringComparer.Ordinal);
        Dictionary<string, int> two = data.Nodes.ToDictionary(n => n, _ => 0, StringComparer.Ordinal);
        for (int round = 0; round < Rounds; round++)
        {
            one[new WeightedSampler(1).Sample(Of(round, data))[0]]++;
            foreach (string node in new WeightedSampler(2).Sample(Of(round, data)))
            {
                two[node]++;
            }
        }

        Assert.Equal((0, 0), (one["d"], two["d"]));
        Assert.InRange(one["a"], 850, 1150);
        Assert.InRange(one["b"], 2770, 3230);
        Assert.InRange(one["c"], 5750, 6250);

        // P(a among two) = 0.1 + 0.3 * 10/70 + 0.6 * 10/40 = 0.29286
        Assert.InRange(two["a"], 2700, 3160);
    }

    [Theory]
    [InlineData(0.1, 30, 3)]
    [InlineData(0.29, 100, 29)]
    [InlineData(0.5, 3, 2)]
    [InlineData(1.0, 7, 7)]
    [InlineData(1e-300, 7, 1)]
    public void FractionSampler_Part_IsRoundedUp(double fraction, int nodes, int expected)
    {
        FederatedDataset data = Data([.. Enumerable.Range(0, nodes).Select(i => ($"node_{i}", new long[] { 1 }))]);

        Assert.Equal(expected, new FractionSampler(fraction).Sample(Of(3, data)).Count);
    }

    [Fact]
    [Trait("input", "15")]
    public void Constructor_WrongValues_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CountSampler(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightedSampler(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FractionSampler(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FractionSampler(1.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FractionSampler(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FractionSampler(0.5, 0));
    }

    [Fact]
    public void Sample_TooFewNodes_NamesBothNumbers()
    {
        foreach (INodeSampler sampler in new INodeSampler[] { new CountSampler(11), new FractionSampler(0.1, 11), new WeightedSampler(11) })
        {
            FedJobException refusal = Assert.Throws<FedJobException>(() => sampler.Sample(Of(1, Growing())));
            Assert.Equal(FedJobErrorCode.OptionsInvalid, refusal.Code);
            Assert.Contains("11 node(s), and there are 10", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(new long[0])]
    [InlineData(new[] { -1L, 3L })]
    public void WeightedSampler_NoRowsStated_NamesTheNode(long[]? shape)
    {
        FedJobException refusal = Assert.Throws<FedJobException>(() => new WeightedSampler(1).Sample(Of(1, Data(("a", [3]), ("b", shape)))));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, refusal.Code);
        Assert.Contains("'b'", refusal.Message, StringComparison.Ordinal);
    }

    private static SamplingContext Of(int seed, FederatedDataset data) => new() { Round = 0, Seed = seed, Data = data };

    private static FederatedDataset Alike() => Data([.. Letters.Select(n => (n, new long[] { 5, 2 }))]);

    private static FederatedDataset Growing() => Data([.. Letters.Select((n, i) => (n, new long[] { i + 1, 2 }))]);

    private static FederatedDataset Data(params (string NodeId, long[]? Shape)[] nodes) => new(nodes.Select(n => KeyValuePair.Create(
        n.NodeId, new DatasetEntry { DatasetId = "d", Name = "d", DataType = "csv", Tags = [], Description = "d", Shape = n.Shape })));
}
