using CsCheck;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

public sealed class OutlierScreenTests
{
    [Fact]
    public void Scores_KnownNorms_AreTheRobustZScores()
    {
        // median 3, absolute deviations 2 1 0 1 97, their median 1
        double[] scores = OutlierScreen.Scores([1, 2, 3, 4, 100], minimumSpread: 0);

        double[] expected = [-2 / 1.4826, -1 / 1.4826, 0, 1 / 1.4826, 97 / 1.4826];
        Assert.Equal(expected, scores, (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Scores_NormsThatAgree_AreSpreadByAtLeastAShareOfTheMedian() =>
        Assert.Equal([0, 0, 0, 2], OutlierScreen.Scores([1, 1, 1, 1.5], minimumSpread: 0.25));

    [Fact]
    public void Scores_DegenerateNorms_AreNeverNaN()
    {
        Assert.Equal([0, 0, 0], OutlierScreen.Scores([0, 0, 0], 0.25));
        Assert.Equal([0, 0, double.PositiveInfinity], OutlierScreen.Scores([0, 0, 1], 0.25));
        Assert.Equal([0, 0, double.PositiveInfinity], OutlierScreen.Scores([1, 1, double.PositiveInfinity], 0.25));
        Assert.Equal([0, 0, 0], OutlierScreen.Scores([1, double.PositiveInfinity, double.PositiveInfinity], 0));
        Assert.Equal([0], OutlierScreen.Scores([7], 0.25));
    }

    [Fact]
    public void Scores_AnyNorms_FewerThanHalfAreOutliers() =>
        Gen.Double[0, 1e9].Array[1, 20].Sample(norms => Assert.True(OutlierScreen.Scores(norms, 0.25).Count(s => s > 3.5) * 2 < norms.Length + 1));

    [Fact]
    public void Scores_OneAMillionTimesTheOthers_IsFoundFromThreeOn() => Gen.Double[0.5, 2].Array[2, 20].Sample(honest =>
    {
        double[] scores = OutlierScreen.Scores([.. honest, 1e6 * honest.Max()], 0.25);

        Assert.True(scores[^1] > 3.5);
    });

    [Fact]
    public void Screen_Update_HasTheNormOfItsDifferenceToTheModel()
    {
        double[][] updates = RuleBench.Vectors(1, 5, 9001);
        double[] global = RuleBench.Vectors(2, 1, 9001)[0];

        double[] norms = UpdateDistance.ToGlobal(RuleBench.Context(updates, global));
        IReadOnlyList<ScreenedUpdate> screened = OutlierScreen.Screen(new OutlierGuard(), [.. norms.Select((n, i) => ($"node_{i}", n))]);

        for (int i = 0; i < updates.Length; i++)
        {
            Assert.Equal(RobustReference.Distance(updates[i], global), screened[i].Norm, 1e-9);
        }
    }
}
