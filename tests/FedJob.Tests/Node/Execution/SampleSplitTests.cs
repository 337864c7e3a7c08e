using CsCheck;
using FedJob.Node.Execution;

namespace FedJob.Tests.Node.Execution;

public sealed class SampleSplitTests
{
    [Fact]
    public void Make_AnyRatioAndSeed_DividesAllSamplesInAscendingOrder()
    {
        Gen.Select(Gen.Int[1, 200], Gen.Double[0, 1], Gen.Int).Sample((count, ratio, seed) =>
        {
            SampleSplit split = SampleSplit.Make(count, ratio, seed);

            Assert.Equal((int)(count * ratio), split.Validation.Count);
            Assert.Equal(Enumerable.Range(0, count), split.Training.Concat(split.Validation).Order());
            Assert.Equal(split.Training.Order(), split.Training);
            Assert.Equal(split.Validation.Order(), split.Validation);
        });
    }

    [Fact]
    public void Make_SameSeed_SameSplit()
    {
        Assert.Equal(SampleSplit.Make(100, 0.2, 7).Validation, SampleSplit.Make(100, 0.2, 7).Validation);
    }

    [Fact]
    public void Make_AnotherSeed_AnotherSplit()
    {
        Assert.NotEqual(SampleSplit.Make(100, 0.2, 7).Validation, SampleSplit.Make(100, 0.2, 8).Validation);
    }
}
