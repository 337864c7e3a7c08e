using FedJob.Abstractions;
using FedJob.Loop;

namespace FedJob.Tests.Loop;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void At_BuiltInSchedules_AreTheirFormulas()
    {
        Assert.Equal([0.1, 0.1, 0.1], Rates(LearningRateSchedule.Constant(0.1), 0, 1, 1_000_000));
        Assert.Equal([8.0, 8.0, 4.0, 4.0, 2.0], Rates(LearningRateSchedule.Step(8, 0.5, 2), 0, 1, 2, 3, 4));
        Assert.Equal([8.0, 4.0, 2.0], Rates(LearningRateSchedule.Exponential(8, 0.5), 0, 1, 2));
        Assert.Equal(
            [1.0, 0.1 + (0.9 * 0.75), 0.55, 0.1 + (0.9 * 0.25), 0.1, 0.1],
            Rates(LearningRateSchedule.Cosine(1, 0.1, 6), 0, 2, 3, 4, 6, 7).Select(r => Math.Round(r, 12)));
        Assert.Equal([1.0, 0.5], Rates(LearningRateSchedule.From(round => 1.0 / (round + 1)), 0, 1));
    }

    [Fact]
    [Trait("input", "15")]
    public void Constructors_NoRates_AreRefused()
    {
        foreach (double wrong in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Constant(wrong));
            Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Step(wrong, 0.5, 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Exponential(0.5, wrong));
            Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine(0.5, wrong, 3));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Step(1, 0.5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine(0.1, 0.2, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine(0.2, 0.1, 0));
        Assert.Throws<ArgumentNullException>(() => LearningRateSchedule.From(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Constant(1).At(-1));
    }

    [Fact]
    [Trait("fault", "15")]
    public void At_CallersScheduleThrowsOrGivesNoRate_IsWrappedWithTheRound()
    {
        var cause = new InvalidOperationException("no table");
        FedJobException thrown = Assert.Throws<FedJobException>(() => LearningRateSchedule.From(_ => throw cause).At(3));
        Assert.Equal((FedJobErrorCode.ExtensionFailed, 3, cause), (thrown.Code, thrown.Round, thrown.InnerException));

        foreach (double wrong in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Equal(FedJobErrorCode.ExtensionFailed, Assert.Throws<FedJobException>(() => LearningRateSchedule.From(_ => wrong).At(0)).Code);
        }

        // 0.5 to the 2,000th is 0 in binary64.
        Assert.Equal(FedJobErrorCode.ExtensionFailed, Assert.Throws<FedJobException>(() => LearningRateSchedule.Exponential(1, 0.5).At(2000)).Code);
    }

    private static double[] Rates(LearningRateSchedule schedule, params int[] rounds) => [.. rounds.Select(schedule.At)];
}
