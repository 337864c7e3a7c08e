using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>
/// The FedProx paper's experiment with 90 % stragglers on synthetic(1, 1): FedAvg drops the nodes that cannot do all their work, FedProx takes what they did and
/// holds it near the global parameters (Li et al. 2020, figure 1).
/// </summary>
public sealed class StragglerTests(ITestOutputHelper output)
{
    private const int Devices = 30;
    private const int Chosen = 10;
    private const int Stragglers = 9;
    private const int Epochs = 20;
    private const int Rounds = 50;

    [Fact]
    public async Task FedProx_NinetyPercentStragglers_IsClearlyAheadOfFedAvgFromRound10To50()
    {
        double[] averaged = await LossesAsync(new FedAvg(), dropStragglers: true);
        double[] proximal = await LossesAsync(new FedProx(1), dropStragglers: false);

        double plain = averaged[9..].Average(), prox = proximal[9..].Average();
        output.WriteLine($"mean loss of rounds 10 to 50: FedAvg {plain:0.000}, FedProx {prox:0.000}");
        Assert.True(prox < 0.7 * plain, $"FedAvg {plain}, FedProx {prox}");
        Assert.True(Deviation(proximal[9..]) < Deviation(averaged[9..]), "FedProx should be the steadier one");
    }

    /// <summary>The loss on all devices' data after each round.</summary>
    private static async Task<double[]> LossesAsync(IAggregator rule, bool dropStragglers)
    {
        SyntheticData[] data = SyntheticData.Devices(Devices, 1, 1, new Random(1));
        SoftmaxPlan[] plans = [.. data.Select(d => new SoftmaxPlan(d.X, d.Y, SyntheticData.Classes))];
        var args = new TrainingArgs { Epochs = Epochs, BatchSize = 10, LearningRate = 0.01 };
        (int Node, int Epochs)[][] schedule = Schedule();
        var federation = new SimulatedFederation(args, [.. plans.Select((p, i) => (NameOf(i), data[i].Y.Length, (ITrainingPlan)p))])
        {
            Participants = round => schedule[round].Where(c => !dropStragglers || c.Epochs == Epochs).Select(c => NameOf(c.Node)),
            ArgumentsOf = (round, node) => args with { Epochs = schedule[round].Single(c => NameOf(c.Node) == node).Epochs },
        };
        await federation.InitializeAsync();
        ModelParameters parameters = plans[0].GetParameters();
        double[] losses = new double[Rounds];
        int samples = data.Sum(d => d.Y.Length);
        for (int round = 0; round < Rounds; round++)
        {
            parameters = await federation.RunRoundAsync(rule, parameters);
            losses[round] = plans.Select((p, i) => p.Evaluate(parameters).Loss * data[i].Y.Length / samples).Sum();
        }

        return losses;
    }

    /// <summary>Who is asked in each round, and how many epochs each manages: the same for both rules.</summary>
    private static (int Node, int Epochs)[][] Schedule()
    {
        var random = new Random(2);
        return
        [
            .. Enumerable.Range(0, Rounds).Select(_ =>
            {
                int[] nodes = [.. Enumerable.Range(0, Devices)];
                random.Shuffle(nodes);
                return nodes[..Chosen].Select((n, i) => (n, i < Stragglers ? random.Next(1, Epochs) : Epochs)).ToArray();
            }),
        ];
    }

    private static string NameOf(int node) => $"device_{node:00}";

    private static double Deviation(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }
}
