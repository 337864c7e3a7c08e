using System.Text.Json.Nodes;
using CsCheck;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

public sealed class ScaffoldTests
{
    private static readonly string[] NodeIds = ["a", "b", "c"];
    private static readonly TrainingArgs Arguments = new() { UpdateCount = 5, LearningRate = 0.1 };

    /// <summary>Of each round: who takes part (never nobody), and where the nodes get to.</summary>
    private static readonly Gen<(int Mask, double[] W)[]> AnyRounds = Gen.Select(Gen.Int[1, 7], Gen.Double[-5, 5].Array[3]).Array[1, 10];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rounds_OfSomeOfTheNodes_AgreeWithTheNaiveAlgorithm(bool bySamples) => AnyRounds.Sample(rounds =>
    {
        var rule = new Scaffold { LearningRate = 0.7, Weighting = bySamples ? NodeWeighting.SampleCount : NodeWeighting.Uniform };
        double[] samples = [2, 3, 5], states = [0, 0, 0];
        double x = 1, mean = 0;
        bool[] heard = [false, false, false];
        foreach ((int mask, double[] w) in rounds)
        {
            int[] present = [.. Enumerable.Range(0, 3).Where(i => (mask & (1 << i)) != 0)];
            RoundPreparation prepared = rule.PrepareRound(new() { Round = 0, Participants = [.. present.Select(i => NodeIds[i])], Global = Rule.Model(x) });
            foreach (int i in present)
            {
                Assert.Equal(states[i] - mean, Correction(prepared, NodeIds[i])[0], 1e-6);
            }

            double got = AggregationRun.Combine(
                rule,
                new AggregationContext
                {
                    Round = 0,
                    Global = Rule.Model(x),
                    Nodes = NodeIds,
                    Updates = [.. present.Select(i => Rule.Update(NodeIds[i], (long)samples[i], w[i]) with { TrainingArgs = Arguments })],
                },
                TestContext.Current.CancellationToken)["w"].AsSpan<double>()[0];

            double[] weights = bySamples ? samples : [1, 1, 1];
            double next = x - (0.7 * present.Sum(i => weights[i] * (x - w[i])) / present.Sum(i => weights[i]));
            foreach (int i in present)
            {
                states[i] = states[i] - mean + ((x - w[i]) / (5 * 0.1));
                heard[i] = true;
            }

            int[] counted = [.. Enumerable.Range(0, 3).Where(i => !bySamples || heard[i])];
            mean = counted.Sum(i => weights[i] * states[i]) / counted.Sum(i => weights[i]);
            Assert.Equal(next, got, 1e-9);
            x = got;
        }
    }, iter: 300);

    [Fact]
    public void PrepareRound_FirstRound_SendsZerosOfTheModelsKindUnderTheWiresNames()
    {
        ModelParameters model = new()
        {
            ["w"] = ParameterTensor.FromArray(new float[6], 2, 3).WithKind(TensorKind.TorchTensor),
            ["count"] = ParameterTensor.FromArray(new long[1]),
        };

        AggregatorArguments arguments = new Scaffold().PrepareRound(new() { Round = 0, Participants = ["a", "b"], Global = model }).AggregatorArguments;

        Assert.Equal("""{"aggregator_name":"Scaffold"}""", arguments.Shared.Values.ToJsonString());
        ModelParameters correction = arguments.PerNode["a"].Files["aggregator_correction"];
        Assert.Equal(["w"], correction.Names);
        Assert.Equal((TensorKind.TorchTensor, "Float32[2, 3]"), (correction["w"].Kind, correction["w"].ToString()));
        Assert.All(correction["w"].AsSpan<float>().ToArray(), v => Assert.Equal(0, v));
        Assert.Same(correction, arguments.PerNode["b"].Files["aggregator_correction"]);
    }

    [Fact]
    [Trait("seed", "17")]
    public void Combine_RatesByNodeAndLayer_EachNodeCountsWithItsOwn()
    {
        var rule = new Scaffold();
        NodeUpdate Told(string node, JsonNode lr) => Rule.Update(node, 1, 0.0) with { TrainingArgs = Arguments, OptimizerArgs = new JsonObject { ["lr"] = lr } };
        Rule.Combine(rule, [1.0], Told("a", 0.5), Told("b", new JsonObject { ["w"] = 0.25 }));

        // c_a = 1 / (5 * 0.5), c_b = 1 / (5 * 0.25).
        RoundPreparation prepared = rule.PrepareRound(new() { Round = 1, Participants = ["a", "b"], Global = Rule.Model(0.0) });

        Assert.Equal(-0.2, Correction(prepared, "a")[0], 1e-12);
        Assert.Equal(0.2, Correction(prepared, "b")[0], 1e-12);
    }

    [Fact]
    public void Combine_NodeThatToldItsSteps_CountsWithThem()
    {
        var rule = new Scaffold();
        Rule.Combine(rule, [1.0], Told("a", 2), Told("b", 5));

        RoundPreparation prepared = rule.PrepareRound(new() { Round = 1, Participants = ["a"], Global = Rule.Model(0.0) });

        Assert.Equal((5.0 - 2.0) / 2, Correction(prepared, "a")[0], 1e-12);

        static NodeUpdate Told(string node, int steps) =>
            Rule.Update(node, 1, 0.0) with { TrainingArgs = Arguments, OptimizerArgs = new JsonObject { ["num_updates"] = steps } };
    }

    [Theory]
    [InlineData("""{"lr": 0}""")]
    [InlineData("""{"lr": -0.1}""")]
    [InlineData("""{"lr": "fast"}""")]
    [InlineData("""{"lr": {"w": 0}}""")]
    public void Combine_NodeTellsNoUsableRate_IsRefusedNamingIt(string told)
    {
        NodeUpdate update = Rule.Update("node_7", 1, 0.0) with { TrainingArgs = Arguments, OptimizerArgs = JsonNode.Parse(told)!.AsObject() };

        AggregationException refused = Assert.Throws<AggregationException>(() => Rule.Combine(new Scaffold(), [1.0], update));

        Assert.Contains("node_7", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Combine_NobodyTellsTheRate_IsRefused() => Assert.Throws<AggregationException>(
        () => Rule.Combine(new Scaffold(), [1.0], Rule.Update("a", 1, 0.0) with { TrainingArgs = new() { UpdateCount = 5 } }));

    private static double[] Correction(RoundPreparation prepared, string node) =>
        prepared.AggregatorArguments.PerNode[node].Files["aggregator_correction"]["w"].AsSpan<double>().ToArray();
}
