using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.IntegrationTests.Federation;
using FedJob.Node.Datasets;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Aggregation;

/// <summary>
/// The published numbers of Fed-Heart-Disease, by four .NET nodes over MQTT and HTTP: each strategy's parameters after each round, and its accuracies at the
/// end. The nodes take their batches from the traces of the published runs.
/// </summary>
public sealed class FedHeartTests(ITestOutputHelper output) : IDisposable
{
    private const int Rounds = 15;
    private const int Steps = 100;
    private const double Tolerance = 1e-5;

    private readonly string _directory = Directory.CreateTempSubdirectory("fed-heart").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Every strategy of every seed; one row without either where there are none, to be skipped.</summary>
    public static TheoryData<string, string> Runs
    {
        get
        {
            var runs = new TheoryData<string, string>();
            foreach (string trace in FedHeartData.Traces)
            {
                foreach (string strategy in (string[])["FedAvg", "FedProx", "FedAdam", "FedYogi", "FedAdagrad", "Scaffold"])
                {
                    runs.Add(trace, strategy);
                }
            }

            if (runs.Count == 0)
            {
                runs.Add("", "");
            }

            return runs;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task RunAsync_PublishedRun_HasItsParametersAfterEachRoundAndItsMetrics(string trace, string strategy)
    {
        Assert.SkipWhen(trace.Length == 0, $"'{FedHeartData.Directory}' holds no seed*.json.gz; name the directory with the data in FEDJOB_FED_HEART.");
        var data = FedHeartData.Load();
        JsonElement run = FedHeartData.Trace(trace);
        JsonElement published = run.GetProperty("strategies").GetProperty(strategy);
        await using LocalFederation federation = await StartAsync(data, run);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(
            new JobOptions
            {
                TrainingPlan = TrainingPlanSource.FromType<LogisticTracePlan>(),
                Data = await client.Requests.SearchAsync(["heart"], cancellationToken: Token),
                TrainingArgs = new TrainingArgs { UpdateCount = Steps, LearningRate = Option(published, "lr") },
                InitialParameters = new ModelParameters
                {
                    ["weight"] = ParameterTensor.FromArray(Numbers(run.GetProperty("init_w"))),
                    ["bias"] = ParameterTensor.FromArray(new[] { run.GetProperty("init_b").GetDouble() }),
                },
            },
            Token);

        double[] final = [];
        double worstOfAll = 0;
        await foreach (RoundResult round in job.RunAsync(Rounds, RuleOf(strategy, published), cancellationToken: Token))
        {
            using ModelParameters parameters = job.OpenParameters();
            final = [.. parameters["weight"].AsSpan<double>(), .. parameters["bias"].AsSpan<double>()];
            double[] expected = Numbers(published.GetProperty("params_after_round")[round.Round]);
            Assert.Equal(expected.Length, final.Length);
            double worst = final.Zip(expected, (got, wanted) => Math.Abs(got - wanted)).Max();
            worstOfAll = Math.Max(worst, worstOfAll);
            Assert.True(worst <= Tolerance, $"{strategy}, {trace}, round {round.Round}: a parameter is {worst} off");
        }

        output.WriteLine($"{strategy}, {trace}: at most {worstOfAll:E1} off");
        Assert.Equal(Rounds, job.Round);
        Assert.Equal(Numbers(published.GetProperty("published")), data.Tests.Select(rows => Accuracy(final, rows)));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static IAggregator RuleOf(string strategy, JsonElement published)
    {
        double server = Option(published, "slr");
        const double Tau = 1e-8, Beta1 = 0.9, Beta2 = 0.999;
        return strategy switch
        {
            "FedAvg" => new FedAvg(),
            "FedProx" => new FedProx(Option(published, "mu")),
            "FedAdam" => new FedAdam { LearningRate = server, Tau = Tau, Beta1 = Beta1, Beta2 = Beta2 },
            "FedYogi" => new FedYogi { LearningRate = server, Tau = Tau, Beta1 = Beta1, Beta2 = Beta2 },
            "FedAdagrad" => new FedAdagrad { LearningRate = server, Tau = Tau, Beta1 = Beta1 },
            _ => new Scaffold { LearningRate = server, Weighting = NodeWeighting.SampleCount },
        };
    }

    /// <summary>A hyper-parameter; 1 where it is not given.</summary>
    private static double Option(JsonElement published, string name) =>
        published.GetProperty("hp").TryGetProperty(name, out JsonElement value) ? value.GetDouble() : 1;

    private static double Accuracy(double[] parameters, (double[] X, int Y)[] rows) =>
        rows.Count(r => (r.X.Select((x, i) => x * parameters[i]).Sum() + parameters[^1] > 0) == (r.Y == 1)) / (double)rows.Length;

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(n => n.GetDouble())];

    private async Task<LocalFederation> StartAsync(FedHeartData data, JsonElement run)
    {
        var options = new LocalFederationOptions();
        for (int i = 0; i < data.Centres.Count; i++)
        {
            string centre = data.Centres[i], file = Path.Combine(_directory, centre + ".json");
            (double[] X, int Y)[] rows = data.Training(centre);
            await File.WriteAllBytesAsync(
                file,
                JsonSerializer.SerializeToUtf8Bytes(new { x = rows.Select(r => r.X), y = rows.Select(r => r.Y), batches = run.GetProperty("batches")[i] }),
                Token);
            options.Nodes.Add(new LocalNode(centre)
            {
                Datasets = { new NodeDataset { Data = new FileDataset(centre, file, rows.Length), Tags = ["heart"], SourcePath = file } },
            });
        }

        return await LocalFederation.StartAsync(options, cancellationToken: Token);
    }
}
