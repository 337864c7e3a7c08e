using CsCheck;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>Each robust rule against its naive reference, and in each element type.</summary>
public sealed class RobustRulesTests
{
    [Fact]
    public void Combine_Median_AgreesWithTheReference() => Samples(1, 12).Sample(
        updates => AssertClose(RobustReference.Median(updates), RuleBench.Combine(new CoordinateWiseMedian(), updates)));

    [Fact]
    public void Combine_TrimmedMean_AgreesWithTheReference() => Samples(5, 25).Sample(updates => AssertClose(
        RobustReference.TrimmedMean(updates, updates.Length / 5), RuleBench.Combine(new TrimmedMean(0.2), updates)));

    [Theory]
    [InlineData(0.29, 100, 29)]
    [InlineData(0.1, 10, 1)]
    [InlineData(0.1, 19, 1)]
    [InlineData(0.49999999999, 8, 3)]
    public void Combine_TrimmedMean_LeavesOutTheFloorOfTheShare(double fraction, int nodes, int trimmed)
    {
        double[][] updates = [.. Enumerable.Range(0, nodes).Select(i => new[] { Math.Pow(i, 3), 0 })];

        AssertClose(RobustReference.TrimmedMean(updates, trimmed), RuleBench.Combine(new TrimmedMean(fraction), updates));
    }

    [Fact]
    public void Combine_Krum_IsTheUpdateOfTheReference() => WithByzantine(n => (n - 3) / 2).Sample(
        t => Assert.Equal(t.Updates[RobustReference.Krum(t.Updates, t.F)], RuleBench.Combine(new Krum(t.F), t.Updates)));

    [Fact]
    public void Combine_MultiKrum_AgreesWithTheReference() => WithByzantine(n => (n - 3) / 2).Sample(t =>
    {
        int n = t.Updates.Length;
        AssertClose(RobustReference.MultiKrum(t.Updates, t.F, n - t.F - 2), RuleBench.Combine(new MultiKrum(t.F), t.Updates));
        AssertClose(RobustReference.MultiKrum(t.Updates, t.F, n - t.F), RuleBench.Combine(new MultiKrum(t.F, n - t.F), t.Updates));
        Assert.Equal(RuleBench.Combine(new Krum(t.F), t.Updates), RuleBench.Combine(new MultiKrum(t.F, 1), t.Updates));
    });

    [Fact]
    public void Combine_Bulyan_AgreesWithTheReference() => WithByzantine(n => (n - 3) / 4).Sample(
        t => AssertClose(RobustReference.Bulyan(t.Updates, t.F), RuleBench.Combine(new Bulyan(t.F), t.Updates)));

    [Fact]
    public void Combine_GeometricMedian_NoOtherPointHasASmallerSumOfDistances() => Gen.Select(Samples(3, 9), Gen.Int[0, 1000]).Sample((updates, seed) =>
    {
        double[] found = RuleBench.Combine(new GeometricMedian(maximumIterations: 2000, tolerance: 0), updates);
        double least = RobustReference.SumOfDistances(updates, found);

        var random = new Random(seed);
        foreach (double step in (double[])[1, 0.1, 0.01, 0.001])
        {
            double[] other = [.. found.Select(v => v + (((random.NextDouble() * 2) - 1) * step))];
            Assert.True(RobustReference.SumOfDistances(updates, other) >= least - 1e-6, $"a point at {step} is better");
        }

        Assert.All(updates, u => Assert.True(RobustReference.SumOfDistances(updates, u) >= least - 1e-6));
    });

    [Fact]
    public void Combine_GeometricMedianOfTriangle_IsItsFermatPoint()
    {
        // Of a triangle with an angle of 120 degrees or more the median is that corner, of an equilateral one its centre.
        double[][] obtuse = [[0, 0], [10, 1], [-10, 1]];
        double[][] equilateral = [[0, 0], [2, 0], [1, Math.Sqrt(3)]];

        AssertClose([0, 0], RuleBench.Combine(new GeometricMedian(maximumIterations: 500), obtuse, [3, 3]), 1e-3);
        AssertClose([1, 1 / Math.Sqrt(3)], RuleBench.Combine(new GeometricMedian(maximumIterations: 500, tolerance: 0), equilateral, [3, 3]), 1e-7);
    }

    [Fact]
    public void Combine_NormClipping_AgreesWithTheReference() => Gen.Select(Samples(1, 8), Gen.Double[0.1, 30]).Sample((updates, most) =>
    {
        double[] global = RuleBench.Vectors(3, 1, updates[0].Length)[0];
        long[] samples = [.. updates.Select((_, i) => 1L + (i * 7))];

        AssertClose(RobustReference.NormClipping(updates, samples, global, most), RuleBench.Combine(new NormClipping(most), updates, global, samples));
    });

    public static TheoryData<IAggregator> Rules => [.. RuleList.ForSeven.Select(r => new TheoryDataRow<IAggregator>(r))];

    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void Combine_FloatsAndHalves_AreThoseOfDoublesRounded(IAggregator rule)
    {
        // Quarters are exact in half precision, so that all types see the same numbers. More elements than two blocks.
        double[][] updates = [.. RuleBench.Vectors(11, 7, 140_000, 20).Select(u => u.Select(v => Math.Round(v * 4) / 4).ToArray())];

        double[] doubles = RuleBench.CombineAs(rule, updates);
        float[] floats = RuleBench.CombineAs(rule, [.. updates.Select(u => u.Select(v => (float)v).ToArray())]);
        Half[] halves = RuleBench.CombineAs(rule, [.. updates.Select(u => u.Select(v => (Half)v).ToArray())]);

        for (int i = 0; i < doubles.Length; i++)
        {
            Assert.Equal((float)doubles[i], floats[i]);
            Assert.Equal((Half)doubles[i], halves[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void Combine_IntegersAndBooleans_FollowTheRuleOfEveryAggregation(IAggregator rule)
    {
        ModelParameters Model(long counter, bool flag) => new()
        {
            ["w"] = ParameterTensor.FromArray(new[] { 1f }),
            ["n"] = ParameterTensor.FromArray(new[] { counter }),
            ["f"] = ParameterTensor.FromArray(new[] { flag }),
        };
        var context = new AggregationContext
        {
            Round = 0,
            Global = Model(0, false),
            Updates = [.. Enumerable.Range(0, 7).Select(i => RuleBench.Update($"node_{i}", 10, Model(i, i < 4)))],
        };

        ModelParameters combined = AggregationRun.Combine(rule, context, TestContext.Current.CancellationToken);

        Assert.Equal((3L, true), (combined["n"].AsSpan<long>()[0], combined["f"].AsSpan<bool>()[0]));
    }

    /// <summary>Multiples of 1/1024, whose distances are exact in any order of summation: equal scores are equal in both implementations.</summary>
    private static Gen<double[][]> Samples(int fewest, int most) =>
        from nodes in Gen.Int[fewest, most]
        from length in Gen.Int[2, 20]
        from updates in Gen.Int[-10_240, 10_240].Select(i => i / 1024.0).Array[length].Array[nodes]
        select updates;

    private static Gen<(double[][] Updates, int F)> WithByzantine(Func<int, int> most) =>
        from updates in Samples(3, 15)
        from f in Gen.Int[0, most(updates.Length)]
        select (updates, f);

    private static void AssertClose(double[] expected, double[] got, double tolerance = 1e-9)
    {
        Assert.Equal(expected.Length, got.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], got[i], tolerance);
        }
    }
}
