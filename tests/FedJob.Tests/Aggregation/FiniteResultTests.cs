using System.Numerics;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

public sealed class FiniteResultTests
{
    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "infinity")]
    [InlineData(double.NegativeInfinity, "infinity")]
    public void Combine_RuleMakesWhatIsNoNumber_IsRefusedWithTensorAndIndex(double made, string what)
    {
        const int At = 70_000;
        float[] zeros = new float[At + 10];

        AggregationException refused = Assert.Throws<AggregationException>(() => Rule.Combine(new Spoiler(At, made), zeros, Rule.Update("a", 1, zeros)));

        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        Assert.Contains("'w' at element 70000", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Combine_ServerStepBeyondTheRange_IsRefused() =>
        Assert.Throws<AggregationException>(() => Rule.Combine(new FedAvgM { LearningRate = 1e30 }, [1f], Rule.Update("a", 1, 1e20f)));

    [Fact]
    public void Combine_MomentBeyondTheRange_IsRefusedThoughTheParametersAreNot() =>
        Assert.Throws<AggregationException>(() => Rule.Combine(new FedAdam(), [1f], Rule.Update("a", 1, 1e30f)));

    [Fact]
    public void Combine_ScaffoldStateBeyondTheRange_IsRefused() => Assert.Throws<AggregationException>(() => Rule.Combine(
        new Scaffold(), [1f], Rule.Update("a", 1, 1e38f) with { TrainingArgs = new() { UpdateCount = 1, LearningRate = 1e-3 } }));

    private sealed class Spoiler(int at, double value) : IAggregator, IRoundAggregation
    {
        public string Name => "Spoiler";

        public IRoundAggregation BeginRound(AggregationContext context) => this;

        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            if (at >= block.Start && at < block.Start + block.Result.Length)
            {
                block.Result[(int)(at - block.Start)] = T.CreateSaturating(value);
            }
        }
    }
}
