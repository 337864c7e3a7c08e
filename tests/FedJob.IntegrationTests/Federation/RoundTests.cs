using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Metrics;
using FedJob.Rounds;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Whole rounds over a real broker, a real repository and real nodes.</summary>
public sealed class RoundTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunAsync_ThreeNodes_EachRoundIsTheSampleWeightedMean(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]), ("c", [4, 6]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation.MeanPlan(100)), Token);

        double expected = 100;
        await foreach (RoundResult round in job.RunAsync(3, new FedAvg(), cancellationToken: Token))
        {
            expected = ((3 * Half(expected, 2)) + Half(expected, 10) + (2 * Half(expected, 5))) / 6;
            Assert.Equal(RoundOutcome.Completed, round.Outcome);
            Assert.Equal(["a:3", "b:1", "c:2"], round.Verdicts.Select(v => $"{v.NodeId}:{v.SampleCount}"));
            using ModelParameters parameters = job.OpenParameters();
            Assert.Equal(expected, parameters["mean"].AsSpan<double>()[0], 1e-12);
        }

        Assert.Equal(3, job.Round);
        Assert.Equal(3, job.NodeStates.States.Count);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedJob), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_PlanFromAssembly_SameResultAsFromType(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client);
        options.TrainingPlan = TrainingPlanSource.FromAssembly(typeof(MeanPlan).Assembly.Location, typeof(MeanPlan).FullName!);
        await using Job fromAssembly = await client.CreateJobAsync(options, Token);
        await using Job fromType = await client.CreateJobAsync(await OptionsAsync(client), Token);

        RoundResult first = await fromAssembly.RunRoundAsync(new RoundRequest(), Token);
        RoundResult second = await fromType.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal(fromType.TrainingPlanSha256, fromAssembly.TrainingPlanSha256);
        Assert.Equal(await File.ReadAllBytesAsync(first.ParametersPath, Token), await File.ReadAllBytesAsync(second.ParametersPath, Token));
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ValidationOnly_ChangesNothingAndReportsMetrics(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3, 4]), ("b", [5, 6, 7, 8]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation.MeanPlan(100));
        options.TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 4, TestRatio = 0.5, TestOnGlobalUpdates = true };
        await using Job job = await client.CreateJobAsync(options, Token);
        using Subscription<NodeMetric> metrics = job.SubscribeToMetrics();
        string before = job.ParametersPath;

        RoundResult result = await job.RunRoundAsync(new RoundRequest { Training = false }, Token);

        Assert.Equal(before, result.ParametersPath);
        Assert.Equal((0, 0), (job.Round, job.NodeStates.States.Count));
        NodeMetric[] two = await TakeAsync(metrics, 2);
        Assert.Equal(["a", "b"], two.Select(m => m.NodeId).Order(StringComparer.Ordinal));
        Assert.All(two, m => Assert.True(m.Message is { Test: true, TestOnGlobalUpdates: true } && m.Message.Metrics.ContainsKey(fleet.IsFedBioMed() ? "ACCURACY" : "MAE")));
    }

    [Theory]
    [MemberData(nameof(Fleets.FedJob), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_Training_StreamsMetricsAndLogsOfItsOwnJob(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client), Token);
        await using Job other = await client.CreateJobAsync(await OptionsAsync(client), Token);
        using Subscription<NodeMetric> metrics = job.SubscribeToMetrics();
        using Subscription<NodeMetric> foreign = other.SubscribeToMetrics();
        using Subscription<NodeLog> logs = client.Requests.SubscribeToLogs(job.Id);

        await job.RunRoundAsync(new RoundRequest(), Token);

        NodeMetric metric = Assert.Single(await TakeAsync(metrics, 1));
        Assert.Equal(("a", 0, 48.5 + 0.5), (metric.NodeId, metric.Round, metric.Message.Metrics["Loss"]));
        Assert.Contains("trained on 3 samples", Assert.Single(await TakeAsync(logs, 1)).Message.Text, StringComparison.Ordinal);
        foreign.Dispose();
        Assert.Empty(await TakeAsync(foreign, 1));
    }

    [Theory]
    [MemberData(nameof(Fleets.FedJob), MemberType = typeof(Fleets))]
    public async Task RunAsync_PlanWithState_FindsItAgainInTheNextRound(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client);
        options.TrainingPlan = TrainingPlanSource.FromType<CountingPlan>();
        await using Job job = await client.CreateJobAsync(options, Token);
        using Subscription<NodeLog> logs = client.Requests.SubscribeToLogs(job.Id);

        await foreach (RoundResult round in job.RunAsync(3, cancellationToken: Token))
        {
            Assert.Equal(RoundOutcome.Completed, round.Outcome);
        }

        NodeLog[] lines = await TakeAsync(logs, 6);
        Assert.Equal(
            ["training number 1", "training number 2", "training number 3"],
            lines.Select(l => l.Message.Text).Where(t => t.StartsWith("training number", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    [Trait("seed", "7")]
    public async Task RunRoundAsync_TwoJobsAtOnce_NeitherSeesTheOthersReplies(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions second = await OptionsAsync(client, federation.MeanPlan(0));
        second.ModelArgs = new JsonObject { ["start"] = 0.0 };
        await using Job one = await client.CreateJobAsync(await OptionsAsync(client, federation.MeanPlan(100)), Token);
        await using Job two = await client.CreateJobAsync(second, Token);

        await Task.WhenAll(one.RunRoundAsync(new RoundRequest(), Token), two.RunRoundAsync(new RoundRequest(), Token));

        using ModelParameters ofOne = one.OpenParameters();
        using ModelParameters ofTwo = two.OpenParameters();
        Assert.Equal(((3 * Half(100, 2)) + Half(100, 10)) / 4, ofOne["mean"].AsSpan<double>()[0], 1e-12);
        Assert.Equal(((3 * Half(0, 2)) + Half(0, 10)) / 4, ofTwo["mean"].AsSpan<double>()[0], 1e-12);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    [Trait("seed", "23")]
    public async Task RunRoundAsync_NamedDirectory_KeepsParametersAndRemovesNodeFiles(Fleet fleet)
    {
        string directory = Directory.CreateTempSubdirectory("fedjob-test-").FullName;
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2, 3]), ("b", [10]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation.MeanPlan(100));
        options.WorkDirectory = directory;
        await using (Job job = await client.CreateJobAsync(options, Token))
        {
            await job.RunRoundAsync(new RoundRequest(), Token);
        }

        Assert.Empty(Directory.GetDirectories(directory));
        Assert.Equal(2, Directory.GetFiles(directory, "aggregated_params_*.mpk").Length);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task LocalJob_SamePlanAndData_TrainsWithoutAnyNetwork()
    {
        await using LocalJob job = await LocalJob.CreateAsync(
            new LocalJobOptions
            {
                TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
                Dataset = TestFederation.Dataset("local", 1, 2, 3).Data,
                TrainingArgs = new TrainingArgs { Epochs = 1 },
                ModelArgs = new JsonObject { ["start"] = 100.0 },
            },
            cancellationToken: Token);

        LocalJobResult result = await job.TrainAsync(Token);

        Assert.Equal(51.0, result.Parameters["mean"].AsSpan<double>()[0]);
        Assert.Equal(49.0, (await job.EvaluateAsync(cancellationToken: Token)).Metrics["MAE"]);
    }

    private static double Half(double from, double to) => from + ((to - from) / 2);

    private static async Task<JobOptions> OptionsAsync(FedJobClient client, TrainingPlanSource? plan = null) => new()
    {
        TrainingPlan = plan ?? TrainingPlanSource.FromType<MeanPlan>(),
        Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
        TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 4 },
        ModelArgs = new JsonObject { ["start"] = 100.0 },
        RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
    };

    private static async Task<T[]> TakeAsync<T>(Subscription<T> stream, int count)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Token);
        timeout.CancelAfter(TestTimeouts.Default);
        return await stream.ReadAllAsync(timeout.Token).Take(count).ToArrayAsync(timeout.Token);
    }
}
