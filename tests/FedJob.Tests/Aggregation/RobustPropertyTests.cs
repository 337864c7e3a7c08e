using CsCheck;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Aggregation;

/// <summary>What holds for every robust rule, whatever the numbers.</summary>
public sealed class RobustPropertyTests
{
    public static TheoryData<IAggregator> Rules => [.. RuleList.ForSeven.Select(r => new TheoryDataRow<IAggregator>(r))];

    private static readonly double[] HostileValues = [-1e300, -1e30, -1e6, -50, 50, 1e6, 1e30, 1e300];

    public static TheoryData<IAggregator> RulesOfOne => [.. RuleList.ForOne.Select(r => new TheoryDataRow<IAggregator>(r))];

    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void Combine_NodesChangePlaces_TheResultStays(IAggregator rule) =>
        Gen.Select(Seven(), Gen.Shuffle(Enumerable.Range(0, 7).ToArray())).Sample((updates, order) =>
        {
            double[] before = RuleBench.Combine(rule, updates);
            double[] after = RuleBench.Combine(rule, [.. order.Select(i => updates[i])]);

            AssertClose(before, after, 1e-9);
        });

    [Fact]
    public void Combine_NodesChangePlaces_SortingAndChoosingRulesGiveTheSameBits() =>
        Gen.Select(Seven(), Gen.Shuffle(Enumerable.Range(0, 7).ToArray())).Sample((updates, order) =>
        {
            foreach (IAggregator rule in (IAggregator[])[new CoordinateWiseMedian(), new TrimmedMean(0.2), new Krum(1), new Bulyan(1)])
            {
                Assert.Equal(RuleBench.Combine(rule, updates), RuleBench.Combine(rule, [.. order.Select(i => updates[i])]));
            }
        });

    [Theory]
    [MemberData(nameof(RulesOfOne), DisableDiscoveryEnumeration = true)]
    public void Combine_OneNode_IsTheIdentity(IAggregator rule) =>
        Gen.Double[-1000, 1000].Array[2, 50].Sample(update => Assert.Equal(update, RuleBench.Combine(rule, [update])));

    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void Combine_EqualUpdates_AreTheResult(IAggregator rule) => Gen.Double[-0.1, 0.1].Array[2, 50].Sample(
        update => AssertClose(update, RuleBench.Combine(rule, [.. Enumerable.Repeat(update, 7)]), 1e-15));

    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void Combine_SevenNodesOneHostile_StaysNearTheHonestOnes(IAggregator rule) =>
        Gen.Select(Seven(), Gen.Int[0, 6], Gen.Int[0, 7].Select(i => HostileValues[i]), Gen.Bool).Sample((updates, who, size, all) =>
        {
            // Honest updates lie in a cube of side 2 around 0, so none is farther than 2 sqrt(d) from another.
            updates[who] = [.. updates[who].Select((v, k) => all || k == 0 ? size : v)];

            double[] result = RuleBench.Combine(rule, updates);

            double bound = 2 * Math.Sqrt(updates[0].Length);
            double far = RobustReference.Distance(result, new double[result.Length]);
            Assert.True(far <= 2 * bound, $"{rule.Name} went {far} far");
        });

    [Fact]
    public void Combine_UpToFHostile_CoordinateWiseRulesStayWithinTheHonestValues() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[0, 1000], Gen.Double[-1e12, 1e12].Array[12]).Sample((f, seed, bad) =>
        {
            int n = (4 * f) + 3;
            double[][] updates = RuleBench.Vectors(seed, n, 4);
            double[][] honest = updates[f..];
            for (int i = 0; i < f; i++)
            {
                updates[i] = bad[(i * 4)..((i * 4) + 4)];
            }

            foreach (IAggregator rule in (IAggregator[])[new CoordinateWiseMedian(), new TrimmedMean((double)f / n), new Bulyan(f)])
            {
                double[] result = RuleBench.Combine(rule, updates);
                for (int k = 0; k < 4; k++)
                {
                    // Bulyan's values are as close to the median as honest ones, on either side of it.
                    double low = honest.Min(u => u[k]), high = honest.Max(u => u[k]), slack = rule is Bulyan ? high - low : 1e-12;
                    Assert.InRange(result[k], low - slack, high + slack);
                }
            }
        });

    [Fact]
    public void Combine_JustUnderHalfHostile_MedianAndGeometricMedianHold()
    {
        double[][] updates = RuleBench.Vectors(5, 9, 6);
        for (int i = 0; i < 4; i++)
        {
            updates[i] = [.. updates[i].Select(_ => 1e9)];
        }

        Assert.All(RuleBench.Combine(new CoordinateWiseMedian(), updates), v => Assert.InRange(v, -1, 1));
        double[] median = RuleBench.Combine(new GeometricMedian(maximumIterations: 200), updates);
        Assert.InRange(RobustReference.Distance(median, new double[6]), 0, 20);
    }

    [Fact]
    public void Combine_NormClipping_MovesAtMostByItsNormWhateverSamplesAreClaimed() =>
        Gen.Select(Gen.Double[-1e9, 1e9].Array[6].Array[1, 6], Gen.Double[0.01, 10]).Sample((updates, most) =>
        {
            long[] samples = [.. updates.Select((_, i) => i == 0 ? 1_000_000_000_000 : 1L)];
            double[] global = [1, -2, 3, -4, 5, -6];

            Assert.InRange(RobustReference.Distance(RuleBench.Combine(new NormClipping(most), updates, global, samples), global), 0, most * (1 + 1e-9));
        });

    [Fact]
    public void Combine_KrumOfEqualScores_TakesTheSmallerElementWhateverTheNodes()
    {
        // Four corners of one score, and their centre with a larger one.
        double[][] updates = [[0, 1], [0, 2], [6, 1], [6, 2]];

        Assert.Equal([0, 1], RuleBench.Combine(new Krum(1), [updates[3], updates[2], updates[1], updates[0], [3, 1.5]]));
        Assert.Equal([0, 1], RuleBench.Combine(new Krum(1), [[3, 1.5], .. updates]));
    }

    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void SaveState_AfterARound_IsEmptyAndTheNextRoundIsThatOfANewRule(IAggregator rule)
    {
        double[][] first = RuleBench.Vectors(1, 7, 8), second = RuleBench.Vectors(2, 7, 8);
        IAggregator fresh = RuleList.ForSeven.Single(r => r.Name == rule.Name);
        RuleBench.Combine(rule, first);

        Assert.Same(ParameterMap.Empty, rule.SaveState());
        rule.RestoreState(ParameterMap.Empty);
        Assert.Equal(RuleBench.Combine(fresh, second), RuleBench.Combine(rule, second));
    }

    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public async Task Combine_OnTwoThreadsAtOnce_GivesTheSameBits(IAggregator rule)
    {
        AggregationContext context = RuleBench.Context(RuleBench.Vectors(4, 7, 5000));
        IRoundAggregation round = rule.BeginRound(context);
        double[] Run()
        {
            var result = new double[2500];
            round.Combine(new TensorBlock<double>("b", context.Global["b"], context.Updates, 0, result));
            return result;
        }

        double[][] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(Run, TestContext.Current.CancellationToken)));

        Assert.All(results, r => Assert.Equal(results[0], r));
    }

    [Fact]
    public void BeginRound_Cancelled_Ends()
    {
        AggregationContext context = RuleBench.Context(RuleBench.Vectors(4, 7, 10)) with { CancellationToken = new CancellationToken(canceled: true) };

        foreach (IAggregator rule in (IAggregator[])[new Krum(1), new MultiKrum(1), new Bulyan(1), new GeometricMedian(), new NormClipping(1)])
        {
            Assert.Throws<OperationCanceledException>(() => rule.BeginRound(context));
        }
    }

    private static Gen<double[][]> Seven() =>
        from length in Gen.Int[2, 12]
        from updates in Gen.Double[-1, 1].Array[length].Array[7]
        select updates;

    private static void AssertClose(double[] expected, double[] got, double tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], got[i], tolerance);
        }
    }
}
