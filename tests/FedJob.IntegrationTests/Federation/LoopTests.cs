using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Loop;
using FedJob.Nodes;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Federation;

/// <summary>The loop around rounds, over a real broker, a real repository and real nodes.</summary>
public sealed class LoopTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-tests-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunAsync_StoppedAtATarget_StraightAndResumedEndInTheSameRoundWithTheSameBits(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [2, 2, 2]), ("c", [3, 2, 1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);

        // Each round halves the distance from 2, whoever takes part: 98, 49, 24.5, 12.25, 6.125.
        await using Job straight = await client.CreateJobAsync(await OptionsAsync(client, federation.MeanPlan(100)), Token);
        List<RoundResult> all = await RunAsync(straight, 20);
        Assert.Equal([49.0, 24.5, 12.25, 6.125], all.Select(r => r.Evaluation["distance"]));
        Assert.All(all, r => Assert.Equal(2, r.Verdicts.Count));
        Assert.Equal((StopReason.TargetReached, 3), (straight.EarlyStop!.Reason, straight.EarlyStop.Round));

        Job first = await client.CreateJobAsync(await OptionsAsync(client, federation.MeanPlan(100)), Token);
        await RunAsync(first, 2);
        string checkpoint = await first.SaveCheckpointAsync(Path.Combine(_folder.FullName, "checkpoint"), cancellationToken: Token);
        await first.DisposeAsync();
        await using FedJobClient later = await TestFederation.ConnectAsync(federation);
        await using Job resumed = await later.ResumeJobAsync(checkpoint, new ResumeOptions { Aggregator = new FedAvg(), Sampler = new CountSampler(2) }, Token);
        List<RoundResult> rest = await RunAsync(resumed, 20);

        Assert.Equal([2, 3], rest.Select(r => r.Round));
        Assert.Equal(straight.EarlyStop, resumed.EarlyStop);
        Assert.Equal(all.Select(ParticipantsOf), resumed.History.Select(ParticipantsOf));
        Assert.Equal(BitsOf(straight.Best!.ParametersPath), BitsOf(resumed.Best!.ParametersPath));
        Assert.Equal(BitsOf(straight.ParametersPath), BitsOf(resumed.ParametersPath));
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunAsync_ScheduleAndOverride_AreTakenByTheNodes(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation.MeanPlan(100));
        options.Sampler = new AllNodesSampler();
        await using Job job = await client.CreateJobAsync(options, Token);
        var run = new RunOptions
        {
            LearningRate = LearningRateSchedule.Step(0.5, 0.5, 1),
            NodeTrainingArgs = new Dictionary<string, Func<TrainingArgs, TrainingArgs>> { ["b"] = args => args with { Epochs = null, UpdateCount = 3 } },
        };

        await foreach (RoundResult round in job.RunAsync(2, options: run, cancellationToken: Token))
        {
            Assert.Equal(RoundOutcome.Completed, round.Outcome);
            Assert.Equal(
                ["a 1  ", "b  3 "],
                job.LastRequests.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key} {r.Value.TrainingArgs.Epochs} {r.Value.TrainingArgs.UpdateCount} "));
            Assert.All(job.LastRequests.Values, r => Assert.Equal(round.Round == 0 ? 0.5 : 0.25, r.TrainingArgs.LearningRate));
        }
    }

    [Theory]
    [MemberData(nameof(Fleets.FedJob), MemberType = typeof(Fleets))]
    public async Task RunAsync_NodesValidate_TheSampleWeightedMeanStopsTheRun(Fleet fleet)
    {
        // Half of the samples are held out; all of a node are alike, so that each half is.
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [0, 0, 0, 0, 0, 0]), ("b", [10, 10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation.MeanPlan(100));
        options.Sampler = new AllNodesSampler();
        options.TrainingArgs = options.TrainingArgs with { TestRatio = 0.5, TestOnGlobalUpdates = true };
        await using Job job = await client.CreateJobAsync(options, Token);
        var metric = new WatchedMetric("MAE") { Source = MetricSource.ValidationOnGlobalUpdates };
        var run = new RunOptions
        {
            EarlyStopping = new EarlyStopping { Metric = metric, Target = 24 },
            KeepBest = new KeepBest { Metric = metric },
            MetricWait = TimeSpan.FromSeconds(30),
        };

        List<RoundResult> rounds = [];
        await foreach (RoundResult round in job.RunAsync(20, options: run, cancellationToken: Token))
        {
            rounds.Add(round);
        }

        // Sent: 100, 51.25, 26.875; (3 |m - 0| + |m - 10|) / 4 = 97.5, 48.75, 24.375; then 14.6875 -> 12.1875.
        Assert.Equal(4, rounds.Count);
        Assert.Equal(12.1875, job.EarlyStop!.Value!.Value, 1e-9);
        Assert.Equal((3, rounds[2].ParametersPath), (job.Best!.Round, job.Best.ParametersPath));
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunAsync_OneOfThreeNodesGone_RunsAmongTheOthersOrSaysHowManyAreThere(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]), ("c", [4]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation.MeanPlan(100));
        options.Sampler = new AllNodesSampler();
        await using Job job = await client.CreateJobAsync(options, Token);
        await federation.KillNodeAsync(2);

        await foreach (RoundResult round in job.RunAsync(1, options: new RunOptions { MinimumAvailableNodes = 2 }, cancellationToken: Token))
        {
            Assert.Equal((RoundOutcome.Completed, "a b"), (round.Outcome, ParticipantsOf(round)));
        }

        var all = new RunOptions { MinimumAvailableNodes = 3, AvailabilityWait = TimeSpan.FromMilliseconds(200), AvailabilityInterval = TimeSpan.FromMilliseconds(50) };
        TooFewNodesException thrown = await Assert.ThrowsAsync<TooFewNodesException>(async () => await job.RunAsync(1, options: all, cancellationToken: Token).FirstAsync(Token));
        Assert.Equal(3, thrown.Needed);
        Assert.Equal(["a", "b"], thrown.Available);
        Assert.Equal(1, job.Round);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<List<RoundResult>> RunAsync(Job job, int rounds)
    {
        var metric = new WatchedMetric("distance");
        var options = new RunOptions
        {
            Evaluator = (_, parameters, _) => Task.FromResult<IReadOnlyDictionary<string, double>>(
                new Dictionary<string, double> { ["distance"] = Math.Abs(parameters["mean"].AsSpan<double>()[0] - 2) }),
            EarlyStopping = new EarlyStopping { Metric = metric, Target = 7 },
            KeepBest = new KeepBest { Metric = metric },
        };
        List<RoundResult> results = [];
        await foreach (RoundResult result in job.RunAsync(rounds, options: options, cancellationToken: Token))
        {
            results.Add(result);
        }

        return results;
    }

    private static string ParticipantsOf(RoundResult round) => string.Join(' ', round.Verdicts.Select(v => v.NodeId));

    private static long BitsOf(string path)
    {
        using ModelParameters parameters = AggregatedParametersFile.Open(path);
        return BitConverter.DoubleToInt64Bits(parameters["mean"].AsSpan<double>()[0]);
    }

    private static async Task<JobOptions> OptionsAsync(FedJobClient client, TrainingPlanSource plan) => new()
    {
        TrainingPlan = plan,
        Data = await client.Requests.SearchAsync(["test"], cancellationToken: Token),
        TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 4 },
        ModelArgs = new JsonObject { ["start"] = 100.0 },
        Sampler = new CountSampler(2),
        Seed = 3,
        RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
    };
}
