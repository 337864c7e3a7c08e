using System.Text.Json.Nodes;
using CsCheck;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

public sealed class FedNovaTests
{
    [Fact]
    public void Combine_DifferentSteps_AgreesWithTheNaiveFormula() => Gen.Select(Gen.Double[-10, 10].Array[3], Gen.Int[1, 50].Array[3], Gen.Long[1, 100].Array[3], Gen.Double[0, 0.95])
        .Sample((w, steps, samples, momentum) =>
        {
            double[] got = Rule.Combine(
                new FedNova { LocalMomentum = momentum }, [1.0], [.. w.Select((x, i) => Told($"n{i}", samples[i], x, steps[i]))]);

            // |a_i| by summing what every local gradient contributes to the change, step by step.
            double[] norms = [.. steps.Select(tau => Enumerable.Range(1, tau).Sum(k => Enumerable.Range(0, k).Sum(j => Math.Pow(momentum, j))))];
            double total = samples.Sum(), effective = 0, change = 0;
            for (int i = 0; i < 3; i++)
            {
                effective += samples[i] / total * norms[i];
                change += samples[i] / total * (w[i] - 1) / norms[i];
            }

            Assert.Equal(1 + (effective * change), got[0], 1e-7);
        });

    [Fact]
    public void Combine_ProximalTerm_NormIsThatOfTheDampedSteps()
    {
        TrainingArgs Args(int steps) => new() { UpdateCount = steps, LearningRate = 0.1, FedProxMu = 2 };
        double[] got = Rule.Combine(
            new FedNova(), [0.0], Rule.Update("a", 1, 1.0) with { TrainingArgs = Args(3) }, Rule.Update("b", 1, 5.0) with { TrainingArgs = Args(10) });

        double three = 1 + 0.8 + 0.64, ten = Enumerable.Range(0, 10).Sum(k => Math.Pow(0.8, k));
        Assert.Equal((three + ten) / 2 * ((1 / three) + (5 / ten)) / 2, got[0], 1e-12);
    }

    [Fact]
    public void Combine_EpochsAndBatchSize_CountsTheStepsOfEachNode()
    {
        var args = new TrainingArgs { Epochs = 2, BatchSize = 4 };

        double[] got = Rule.Combine(new FedNova(), [0.0], Rule.Update("a", 4, 1.0) with { TrainingArgs = args }, Rule.Update("b", 9, 1.0) with { TrainingArgs = args });

        // 2 and 6 steps.
        Assert.Equal((((4 * 2) + (9 * 6)) / 13.0) * ((4 / 2.0) + (9 / 6.0)) / 13, got[0], 1e-12);
    }

    [Fact]
    public void Combine_EpochsWithALimitOfBatches_CountsThose()
    {
        var args = new TrainingArgs { Epochs = 2, BatchSize = 4, MaximumBatches = 1 };

        double[] got = Rule.Combine(new FedNova(), [0.0], Rule.Update("a", 4, 1.0) with { TrainingArgs = args }, Rule.Update("b", 9, 1.0) with { TrainingArgs = args });

        Assert.Equal(1, got[0], 1e-12);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-3")]
    [InlineData("2.5")]
    [InlineData("1e300")]
    public void BeginRound_NodeTellsNoNumberOfSteps_IsRefusedNamingIt(string steps)
    {
        NodeUpdate update = Rule.Update("node_7", 1, 1.0) with { OptimizerArgs = JsonNode.Parse($$"""{"num_updates": {{steps}}}""")!.AsObject() };

        AggregationException refused = Assert.Throws<AggregationException>(() => Rule.Combine(new FedNova(), [0.0], update));

        Assert.Contains("node_7", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BeginRound_NodeTellsMoreStepsThanItWasSent_IsRefusedNamingBoth()
    {
        NodeUpdate update = Told("node_7", 1, 1.0, 6) with { TrainingArgs = new() { UpdateCount = 5 } };

        AggregationException refused = Assert.Throws<AggregationException>(() => Rule.Combine(new FedNova(), [0.0], update));

        Assert.Contains("num_updates is 6; expected a whole number from 1 to 5", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BeginRound_NobodyTellsTheSteps_IsRefused() =>
        Assert.Throws<AggregationException>(() => Rule.Combine(new FedNova(), [0.0], Rule.Update("a", 1, 1.0) with { TrainingArgs = new() { Epochs = 1 } }));

    private static NodeUpdate Told(string node, long samples, double w, int steps) =>
        Rule.Update(node, samples, w) with { OptimizerArgs = new JsonObject { ["num_updates"] = steps } };
}
