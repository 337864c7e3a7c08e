using CsCheck;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>The server optimizers against loops written from the paper's algorithm 2, one element at a time.</summary>
public sealed class ServerOptimizerTests
{
    private const double Rate = 0.3, Tau = 1e-3, Beta1 = 0.8, Beta2 = 0.95;

    private static readonly Gen<double[][]> AnyRounds = Gen.Double[-10, 10].Array[6].Array[1, 12];

    [Fact]
    public void FedAvgM_ManyRounds_AgreesWithTheNaiveLoop() => Sample(
        () => new FedAvgM { LearningRate = Rate, Momentum = Beta1 },
        (_, delta, state) =>
        {
            state.M = (Beta1 * state.M) + delta;
            return Rate * state.M;
        });

    [Fact]
    public void FedAdam_ManyRounds_AgreesWithTheNaiveLoop() => Sample(
        () => new FedAdam { LearningRate = Rate, Tau = Tau, Beta1 = Beta1, Beta2 = Beta2 },
        (_, delta, state) => Adaptive(state, delta, (Beta2 * state.V) + ((1 - Beta2) * delta * delta)));

    [Fact]
    public void FedYogi_ManyRounds_AgreesWithTheNaiveLoop() => Sample(
        () => new FedYogi { LearningRate = Rate, Tau = Tau, Beta1 = Beta1, Beta2 = Beta2 },
        (_, delta, state) => Adaptive(state, delta, state.V - ((1 - Beta2) * delta * delta * (state.V > delta * delta ? 1 : state.V < delta * delta ? -1 : 0))));

    [Fact]
    public void FedAdagrad_ManyRounds_AgreesWithTheNaiveLoop() => Sample(
        () => new FedAdagrad { LearningRate = Rate, Tau = Tau, Beta1 = Beta1 },
        (_, delta, state) => Adaptive(state, delta, state.V + (delta * delta)));

    [Fact]
    public void FedAdam_WithBiasCorrection_AgreesWithTheNaiveLoop() => Sample(
        () => new FedAdam { LearningRate = Rate, Tau = Tau, Beta1 = Beta1, Beta2 = Beta2, BiasCorrection = true },
        (step, delta, state) =>
        {
            state.M = (Beta1 * state.M) + ((1 - Beta1) * delta);
            state.V = (Beta2 * state.V) + ((1 - Beta2) * delta * delta);
            return Rate * (state.M / (1 - Math.Pow(Beta1, step))) / (Math.Sqrt(state.V / (1 - Math.Pow(Beta2, step))) + Tau);
        });

    [Fact]
    public void FedAvgM_WithoutMomentum_IsFedAvg() => Gen.Select(Gen.Double[-10, 10].Array[5], Gen.Double[-10, 10].Array[5], Gen.Double[-10, 10].Array[5])
        .Sample((global, a, b) =>
        {
            NodeUpdate[] updates = [Rule.Update("a", 3, a), Rule.Update("b", 5, b)];
            AssertClose(Rule.Combine(new FedAvg(), global, updates), Rule.Combine(new FedAvgM { Momentum = 0 }, global, updates), 1e-12);
        });

    [Fact]
    public void FedYogi_SmallChangesAfterALargeOne_ForgetsItSlowly()
    {
        var rules = new ServerOptimizer[] { new FedYogi { Tau = 1e-8, Beta1 = 0, Beta2 = 0.9 }, new FedAdam { Tau = 1e-8, Beta1 = 0, Beta2 = 0.9 } };

        double[] last = [.. rules.Select(rule =>
        {
            Rule.Combine(rule, [0.0], Rule.Update("a", 1, 100.0));
            double step = 0;
            for (int i = 0; i < 50; i++)
            {
                step = Rule.Combine(rule, [0.0], Rule.Update("a", 1, 0.01))[0];
            }

            return step;
        })];

        Assert.True(last[1] > 10 * last[0], $"Yogi {last[0]}, Adam {last[1]}");
    }

    [Fact]
    public void FedAdam_OfHalves_KeepsMomentsThatHalvesCannotHold()
    {
        var rule = new FedAdam { LearningRate = 0.5, Tau = 1e-8, Beta1 = 0, Beta2 = 0.99 };

        // The square of the change, 1e-8, is zero as a half; with a moment of zero the step would be 0.5 * 1e-4 / 1e-8.
        Half[] once = Rule.Combine(rule, [(Half)1], Rule.Update("a", 1, (Half)1.001));

        Assert.InRange((double)once[0], 1 + (0.5 / 0.1 * 0.99), 1 + (0.5 / 0.1 * 1.01));
    }

    [Fact]
    public void Combine_BatchNormalisationStatistics_GetTheWeightedMean()
    {
        ModelParameters Model(float variance) => new() { ["bn.running_var"] = ParameterTensor.FromArray(new[] { variance }) };
        var updates = new[] { 1f, 3f }.Select((v, i) => new NodeUpdate { NodeId = "n" + i, SampleCount = 1, Parameters = Model(v) }).ToArray();

        Assert.All(
            (IAggregator[])[new FedAvgM { LearningRate = 5 }, new FedAdam { LearningRate = 5 }, new FedYogi(), new FedAdagrad()],
            rule => Assert.Equal(2f, Rule.Combine(rule, Model(1), updates)["bn.running_var"].AsSpan<float>()[0]));
    }

    [Fact]
    public void Combine_TensorOfSeveralBlocks_RemembersEachElementInItsPlace()
    {
        const int Length = 70_001;
        double[] update = [.. Enumerable.Range(0, Length).Select(i => i / 1000.0)];
        var rule = new FedAvgM { Momentum = 0.5 };
        double[] zeros = new double[Length];

        Rule.Combine(rule, zeros, Rule.Update("a", 1, update));
        double[] second = Rule.Combine(rule, zeros, Rule.Update("a", 1, update));

        AssertClose([.. update.Select(u => 1.5 * u)], second, 1e-12);
    }

    private static double Adaptive(State state, double delta, double v)
    {
        state.M = (Beta1 * state.M) + ((1 - Beta1) * delta);
        state.V = v;
        return Rate * state.M / (Math.Sqrt(v) + Tau);
    }

    /// <summary>Runs several rounds of two nodes, weighed 1 to 3, against the naive step of each element.</summary>
    private static void Sample(Func<IAggregator> make, Func<int, double, State, double> step) => AnyRounds.Sample(rounds =>
    {
        IAggregator rule = make();
        double[] got = [1.5, -2.5, 0.25], expected = [.. got];
        State[] states = [new(), new(), new()];
        for (int round = 0; round < rounds.Length; round++)
        {
            double[] a = rounds[round][..3], b = rounds[round][3..];
            got = Rule.Combine(rule, got, Rule.Update("a", 10, a), Rule.Update("b", 30, b));
            for (int i = 0; i < 3; i++)
            {
                double delta = ((a[i] - expected[i]) / 4) + (3 * (b[i] - expected[i]) / 4);
                expected[i] += step(round + 1, delta, states[i]);
            }

            AssertClose(expected, got, 1e-7);
            got = expected.ToArray();
        }
    }, iter: 300);

    private static void AssertClose(double[] expected, double[] got, double tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], got[i], tolerance);
        }
    }

    private sealed class State
    {
        public double M { get; set; }

        public double V { get; set; }
    }
}
