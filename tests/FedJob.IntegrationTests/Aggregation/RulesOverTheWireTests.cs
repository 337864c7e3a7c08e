using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.IntegrationTests.Federation;
using FedJob.Protocol.Parameters;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Aggregation;

/// <summary>
/// Rules that need the nodes' side, over real brokers and repositories, with .NET nodes and with emulated Python ones: two nodes with 1/2 m^2 and 3/2 (m - 1)^2,
/// learning rate 0.1, 10 local steps, whose optimum is 0.75.
/// </summary>
public sealed class RulesOverTheWireTests : IDisposable
{
    private const int Steps = 10;
    private const double Rate = 0.1;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-rules-");
    private readonly ConcurrentBag<JsonObject> _requests = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task Scaffold_TwoQuadratics_ReachesTheOptimum(Fleet fleet)
    {
        await using FleetFederation federation = await StartAsync(fleet);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation, fleet, new Scaffold()), Token);

        Assert.Equal(0.75, await RunAsync(job, 45), 1e-9);

        Assert.All(_requests, r => Assert.Equal("Scaffold", (string?)r["aggregator_args"]!["aggregator_name"]));
        Assert.All(federation.FedBioMedNodes, n => Assert.False(n.IsDeaf));
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task FedProx_TwoQuadratics_StopsWhereTheProximalTermHoldsThem(Fleet fleet)
    {
        await using FleetFederation federation = await StartAsync(fleet);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(
            await OptionsAsync(client, federation, fleet, new FedProx(1) { Weighting = NodeWeighting.Uniform }), Token);

        double w = 0;
        for (int round = 0; round < 10; round++)
        {
            double one = w, two = w;
            for (int step = 0; step < Steps; step++)
            {
                one -= Rate * (one + (one - w));
                two -= Rate * ((3 * (two - 1)) + (two - w));
            }

            w = (one + two) / 2;
        }

        Assert.Equal(w, await RunAsync(job, 10), 1e-12);
    }

    [Fact]
    public async Task ResumeJobAsync_RulesWithAMemory_GoOnBitForBit()
    {
        await using FleetFederation federation = await StartAsync(Fleet.FedJobEmbedded);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        foreach (Func<IAggregator> rule in (Func<IAggregator>[])[() => new Scaffold(), () => new FedAdam { BiasCorrection = true }, () => new FedAvgM()])
        {
            await using Job straight = await client.CreateJobAsync(await OptionsAsync(client, federation, Fleet.FedJobEmbedded, rule()), Token);
            double expected = await RunAsync(straight, 6);
            await using Job stopped = await client.CreateJobAsync(await OptionsAsync(client, federation, Fleet.FedJobEmbedded, rule()), Token);
            await RunAsync(stopped, 3);
            string checkpoint = Path.Combine(_folder.FullName, rule().Name);
            await stopped.SaveCheckpointAsync(checkpoint, cancellationToken: Token);

            await using Job resumed = await client.ResumeJobAsync(checkpoint, new ResumeOptions { Aggregator = rule() }, Token);

            Assert.Equal(expected, await RunAsync(resumed, 3));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<FleetFederation> StartAsync(Fleet fleet)
    {
        var options = new LocalFederationOptions();
        (string NodeId, double[] X)[] nodes = [("one", [0]), ("two", [1, 1, 1])];
        if (!fleet.IsFedBioMed())
        {
            return await TestFederation.StartAsync(fleet, options, nodes);
        }

        foreach ((string nodeId, double[] x) in nodes)
        {
            FedBioMedNodeEmulatorOptions node = FleetFederation.Emulated(nodeId, x);
            options.FedBioMedNodes.Add(new FedBioMedNodeEmulatorOptions
            {
                NodeId = nodeId,
                Datasets = node.Datasets,
                Plan = new EmulatedPlan { Train = (task, _) => Task.FromResult(Train(task, x)) },
            });
        }

        return await FleetFederation.StartAsync(fleet, options);
    }

    /// <summary>What a PyTorch plan does: descends by the gradient, the proximal term and the correction file.</summary>
    private EmulatedUpdate Train(EmulatedTask task, double[] x)
    {
        _requests.Add(task.Request);
        double start = task.Parameters["mean"].AsSpan<double>()[0], mean = start, correction = 0;
        double mu = (double?)task.TrainingArgs["fedprox_mu"] ?? 0;
        if (task.AggregatorFiles.TryGetValue("aggregator_correction", out string? path))
        {
            using ModelParameters file = TensorMapFile.Open(path);
            correction = file["mean"].AsSpan<double>()[0];
        }

        for (int step = 0; step < (int)task.TrainingArgs["num_updates"]!; step++)
        {
            mean -= (double)task.TrainingArgs["optimizer_args"]!["lr"]! * (x.Sum(v => mean - v) + (mu * (mean - start)) - correction);
        }

        return new EmulatedUpdate
        {
            Parameters = FleetFederation.Mean(mean),
            SampleCount = x.Length,
            OptimizerArgs = new JsonObject { ["lr"] = new JsonObject { ["mean"] = Rate } },
        };
    }

    private static async Task<JobOptions> OptionsAsync(FedJobClient client, FleetFederation federation, Fleet fleet, IAggregator rule) => new()
    {
        TrainingPlan = fleet.IsFedBioMed() ? federation.MeanPlan() : TrainingPlanSource.FromType<QuadraticPlan>(),
        Data = await client.Requests.SearchAsync(["numbers"], ["one", "two"], cancellationToken: Token),
        TrainingArgs = new TrainingArgs { UpdateCount = Steps, BatchSize = 3, LearningRate = Rate },
        Aggregator = rule,
    };

    private static async Task<double> RunAsync(Job job, int rounds)
    {
        await foreach (var round in job.RunAsync(rounds, cancellationToken: Token))
        {
            Assert.Equal(2, round.Verdicts.Count);
        }

        using ModelParameters parameters = job.OpenParameters();
        return parameters["mean"].AsSpan<double>()[0];
    }
}
