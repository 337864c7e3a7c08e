using System.Globalization;
using System.IO.Compression;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Tests.Captures;

namespace FedJob.Tests.Aggregation;

/// <summary>
/// Handwritten digits in the pathological split of McMahan et al. 2017, section 3: sorted by digit, cut in two shards a node, so that most nodes see two digits only.
/// </summary>
public sealed class DigitsTests(ITestOutputHelper output)
{
    private const int Nodes = 10;
    private const int Training = 1500;
    private const int Rounds = 40;

    private static readonly TrainingArgs Arguments = new() { Epochs = 5, BatchSize = 10, LearningRate = 0.1 };

    [Fact]
    public async Task FedAvg_TwoShardsANode_LearnsAllDigitsThoughNoNodeSeesThem()
    {
        (double[][] x, int[] y) = Read();
        (double[][] X, int[] Y) test = (x[Training..], y[Training..]);

        double iid = await AccuracyAsync(new FedAvg(), x, y, Shards(y, sorted: false), test);
        double shards = await AccuracyAsync(new FedAvg(), x, y, Shards(y, sorted: true), test);
        double alone = await AccuracyAsync(new FedAvg(), x, y, Shards(y, sorted: true)[..1], test);

        output.WriteLine($"accuracy after {Rounds} rounds: mixed {iid:0.000}, two shards {shards:0.000}, one node alone {alone:0.000}");
        Assert.True(iid > 0.88, $"{iid}");
        Assert.True(shards > 0.84, $"{shards}");
        Assert.True(alone < 0.4, $"{alone}");
    }

    [Theory]
    [InlineData("FedAvgM")]
    [InlineData("FedAdam")]
    [InlineData("FedYogi")]
    [InlineData("FedAdagrad")]
    [InlineData("FedProx")]
    [InlineData("FedNova")]
    [InlineData("Scaffold")]
    public async Task EveryRule_TwoShardsANode_LearnsTheDigits(string name)
    {
        (double[][] x, int[] y) = Read();
        IAggregator rule = name switch
        {
            "FedAvgM" => new FedAvgM { Momentum = 0.5 },
            "FedAdam" => new FedAdam { LearningRate = 0.03 },
            "FedYogi" => new FedYogi { LearningRate = 0.03 },
            "FedAdagrad" => new FedAdagrad { LearningRate = 0.1 },
            "FedProx" => new FedProx(0.1),
            "FedNova" => new FedNova(),
            _ => new Scaffold(),
        };

        double accuracy = await AccuracyAsync(
            rule, x, y, Shards(y, sorted: true), (x[Training..], y[Training..]), name == "Scaffold" ? Arguments with { Epochs = null, UpdateCount = 75 } : Arguments);

        output.WriteLine($"{name}: {accuracy:0.000}");
        Assert.True(accuracy > 0.84, $"{name}: {accuracy}");
    }

    private static async Task<double> AccuracyAsync(
        IAggregator rule, double[][] x, int[] y, int[][] nodes, (double[][] X, int[] Y) test, TrainingArgs? args = null)
    {
        SoftmaxPlan[] plans = [.. nodes.Select(rows => new SoftmaxPlan([.. rows.Select(r => x[r])], [.. rows.Select(r => y[r])], 10))];
        var federation = new SimulatedFederation(args ?? Arguments, [.. plans.Select((p, i) => ($"node_{i}", nodes[i].Length, (ITrainingPlan)p))]);
        await federation.InitializeAsync();
        ModelParameters parameters = plans[0].GetParameters();
        for (int round = 0; round < Rounds; round++)
        {
            parameters = await federation.RunRoundAsync(rule, parameters);
        }

        var judge = new SoftmaxPlan(test.X, test.Y, 10);
        await judge.InitializeAsync(new InitializationContext { ModelArgs = [], TrainingArgs = Arguments, Seed = 0 }, TestContext.Current.CancellationToken);
        return judge.Evaluate(parameters).Right / (double)test.Y.Length;
    }

    /// <summary>Two shards a node, dealt at random; sorted by digit or not.</summary>
    private static int[][] Shards(int[] y, bool sorted)
    {
        int[] rows = [.. Enumerable.Range(0, Training)];
        int[][] shards = [.. (sorted ? rows.OrderBy(r => y[r]) : rows.AsEnumerable()).Chunk(Training / (2 * Nodes))];
        new Random(11).Shuffle(shards);
        return [.. shards.Chunk(2).Select(two => two.SelectMany(s => s).ToArray())];
    }

    /// <summary>Pixels scaled to [0, 1], and the digits.</summary>
    private static (double[][] X, int[] Y) Read()
    {
        using var packed = File.OpenRead(Path.Combine(CaptureFolder.Own, "digits", "digits.csv.gz"));
        using var reader = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        double[][] rows = [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split(',').Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray())];
        return ([.. rows.Select(r => r[..^1].Select(v => v / 16).ToArray())], [.. rows.Select(r => (int)r[^1])]);
    }
}
