using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>
/// Two nodes with f_i(x) = a_i / 2 (x - b_i)^2, a = (1, 3), b = (0, 1), learning rate 0.1, 10 local steps. The optimum of their sum is
/// sum a_i b_i / sum a_i = 0.75; plain averaging stops where the nodes' drifts cancel.
/// </summary>
public sealed class ClosedFormTests
{
    private const double Optimum = 0.75;
    private static readonly TrainingArgs Arguments = new() { UpdateCount = 10, LearningRate = 0.1 };

    [Fact]
    public async Task FedAvg_TwoQuadratics_StopsAtItsBiasedFixedPoint()
    {
        // Each node goes from x to b_i + r_i (x - b_i), r_i = (1 - 0.1 a_i)^10: the mean rests at sum (1 - r_i) b_i / sum (1 - r_i).
        double one = 1 - Math.Pow(0.9, 10), two = 1 - Math.Pow(0.7, 10);

        double reached = await RunAsync(new FedAvg(), 60);

        Assert.Equal(two / (one + two), reached, 1e-12);
        Assert.Equal(0.5987, reached, 5e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Scaffold_TwoQuadratics_ReachesTheOptimum(bool bySamples) =>
        Assert.Equal(Optimum, await RunAsync(new Scaffold { Weighting = bySamples ? NodeWeighting.SampleCount : NodeWeighting.Uniform }, 200), 1e-9);

    [Fact]
    public async Task Scaffold_UnequalSamplesWeighed_ReachesTheOptimumOfTheWeightedSum()
    {
        var federation = new SimulatedFederation(Arguments, ("one", 3, new QuadraticPlan(1, 0)), ("two", 1, new QuadraticPlan(3, 1)));

        ModelParameters reached = await federation.RunAsync(new Scaffold { Weighting = NodeWeighting.SampleCount }, QuadraticPlan.At(5), 300);

        Assert.Equal(3.0 / 6, reached["x"].AsSpan<double>()[0], 1e-9);
    }

    [Fact]
    public async Task Scaffold_OneNodeARound_StillReachesTheOptimum()
    {
        var federation = new SimulatedFederation(
            Arguments with { LearningRate = 0.02 }, ("one", 1, new QuadraticPlan(1, 0)), ("two", 1, new QuadraticPlan(3, 1)))
        {
            Participants = round => round == 0 ? ["one", "two"] : [round % 2 == 0 ? "one" : "two"],
        };

        ModelParameters reached = await federation.RunAsync(new Scaffold { LearningRate = 0.5 }, QuadraticPlan.At(5), 600);

        Assert.Equal(Optimum, reached["x"].AsSpan<double>()[0], 1e-9);
    }

    [Fact]
    public async Task FedProx_TwoQuadratics_StopsNearerToTheOptimum()
    {
        double averaged = await RunAsync(new FedAvg(), 200);

        double proximal = await RunAsync(new FedProx(1), 200);

        // A step is x - 0.1 (a (x - b) + (x - w)); ten of them have a fixed point of their own, computed here by iteration.
        double w = 0;
        for (int round = 0; round < 400; round++)
        {
            double x = w, y = w;
            for (int step = 0; step < 10; step++)
            {
                x -= 0.1 * (x + (x - w));
                y -= 0.1 * ((3 * (y - 1)) + (y - w));
            }

            w = (x + y) / 2;
        }

        Assert.Equal(w, proximal, 1e-12);
        Assert.True(Math.Abs(proximal - Optimum) < Math.Abs(averaged - Optimum));
    }

    [Fact]
    public async Task FedNova_UnequalSteps_HasTheFixedPointOfNormalisedChanges()
    {
        int[] steps = [2, 16];
        SimulatedFederation Federation() => new(Arguments, ("one", 1, new QuadraticPlan(1, 0)), ("two", 1, new QuadraticPlan(3, 1)))
        {
            ArgumentsOf = (_, node) => Arguments with { UpdateCount = node == "one" ? steps[0] : steps[1], LearningRate = 0.01 },
        };

        double nova = (await Federation().RunAsync(new FedNova(), QuadraticPlan.At(0), 600))["x"].AsSpan<double>()[0];
        double plain = (await Federation().RunAsync(new FedAvg(), QuadraticPlan.At(0), 600))["x"].AsSpan<double>()[0];

        // The mean normalised change (1 - r_i) (b_i - x) / tau_i is zero.
        double one = (1 - Math.Pow(0.99, steps[0])) / steps[0], two = (1 - Math.Pow(0.97, steps[1])) / steps[1];
        Assert.Equal(two / (one + two), nova, 1e-10);
        Assert.True(Math.Abs(nova - Optimum) < 0.05 && Math.Abs(plain - Optimum) > 0.15, $"FedNova {nova}, FedAvg {plain}");
    }

    [Theory]
    [InlineData("FedAvgM")]
    [InlineData("FedAdam")]
    [InlineData("FedYogi")]
    [InlineData("FedAdagrad")]
    public async Task ServerOptimizers_TwoQuadratics_RestWhereFedAvgDoes(string name)
    {
        // Where the mean change is zero every one of them stands still.
        IAggregator rule = name switch
        {
            "FedAvgM" => new FedAvgM { Momentum = 0.5 },
            "FedAdam" => new FedAdam { LearningRate = 0.05, Tau = 0.1 },
            "FedYogi" => new FedYogi { LearningRate = 0.05, Tau = 0.1 },
            _ => new FedAdagrad { LearningRate = 0.5, Tau = 0.1 },
        };

        Assert.Equal(await RunAsync(new FedAvg(), 100), await RunAsync(rule, 1500), 1e-6);
    }

    private static async Task<double> RunAsync(IAggregator rule, int rounds)
    {
        var federation = new SimulatedFederation(Arguments, ("one", 1, new QuadraticPlan(1, 0)), ("two", 1, new QuadraticPlan(3, 1)));
        return (await federation.RunAsync(rule, QuadraticPlan.At(0), rounds))["x"].AsSpan<double>()[0];
    }
}
