using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Protocol.TrainingPlans;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Jobs that go on from a checkpoint in a new client, over a real broker, a real repository and real nodes that keep states.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-tests-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("seed", "26")]
    public async Task ResumeJobAsync_SixRoundsStraightAndThreePlusThree_SameBitsSameHistorySameMetrics()
    {
        await using LocalFederation federation = await StartAsync();
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job straight = await client.CreateJobAsync(await OptionsAsync(client), Token);
        await RunAsync(straight, 6);
        (string id, IReadOnlyDictionary<string, string> states) = await SaveAfterThreeAsync(federation, "checkpoint");
        Copy("checkpoint", "copied");
        Directory.Move(At("checkpoint"), At("moved"));

        foreach (string place in new[] { "moved", "copied" })
        {
            await using FedJobClient later = await TestFederation.ConnectAsync(federation);
            await using Job resumed = await later.ResumeJobAsync(At(place), Resume(), Token);
            Assert.Equal((id, 3), (resumed.Id, resumed.Round));
            Assert.Equal(states, resumed.NodeStates.States);
            await RunAsync(resumed, 3);

            Assert.Equal(BitsOf(straight), BitsOf(resumed));
            Assert.Equal(6, resumed.Round);
            Assert.Equal(straight.History.Select(Line), resumed.History.Select(Line));
            Assert.Equal(MetricsOf(straight), MetricsOf(resumed));
        }
    }

    [Fact]
    public async Task ResumeJobAsync_PlanGivenAgain_HasItsInstanceAndTheSameBits()
    {
        await using LocalFederation federation = await StartAsync();
        await SaveAfterThreeAsync(federation, "checkpoint");
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        ResumeOptions options = Resume();
        options.TrainingPlan = TrainingPlanSource.FromType<CountingPlan>();

        await using Job with = await client.ResumeJobAsync(At("checkpoint"), options, Token);
        await using Job without = await client.ResumeJobAsync(At("checkpoint"), Resume(), Token);

        Assert.IsType<CountingPlan>(with.TrainingPlan);
        Assert.Equal(with.TrainingPlanSha256, without.TrainingPlanSha256);
        Assert.Equal(BitsOf(with), BitsOf(without));
        options.TrainingPlan = TrainingPlanSource.FromType<MeanPlan>();
        TrainingPlanException other = await Assert.ThrowsAsync<TrainingPlanException>(() => client.ResumeJobAsync(At("checkpoint"), options, Token));
        Assert.Contains("Give the very plan", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResumeJobAsync_AsBranch_TheFirstJobGoesOnUnaffected()
    {
        await using LocalFederation federation = await StartAsync();
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job straight = await client.CreateJobAsync(await OptionsAsync(client), Token);
        await RunAsync(straight, 4);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client), Token);
        await RunAsync(job, 2);
        await job.SaveCheckpointAsync(At("two"), cancellationToken: Token);
        ResumeOptions options = Resume();
        options.AsBranch = true;

        await using Job branch = await client.ResumeJobAsync(At("two"), options, Token);
        await RunAsync(branch, 2);
        await RunAsync(job, 2);

        Assert.NotEqual(job.Id, branch.Id);
        Assert.Equal(BitsOf(straight), BitsOf(job));
        Assert.Equal(BitsOf(straight), BitsOf(branch));
        Assert.Empty(branch.NodeStates.States.Values.Intersect(job.NodeStates.States.Values));
    }

    [Fact]
    [Trait("input", "14")]
    public async Task ResumeJobAsync_OneByteEdited_RefusedAndTheCheckpointUntouched()
    {
        await using LocalFederation federation = await StartAsync();
        await SaveAfterThreeAsync(federation, "checkpoint");
        string file = Path.Combine(At("checkpoint"), "parameters.mpk");
        byte[] bytes = await File.ReadAllBytesAsync(file, Token);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Token);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);

        CheckpointException thrown = await Assert.ThrowsAsync<CheckpointException>(() => client.ResumeJobAsync(At("checkpoint"), Resume(), Token));

        Assert.Equal(FedJobErrorCode.CheckpointInvalid, thrown.Code);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, Token));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Task<LocalFederation> StartAsync() => TestFederation.StartAsync(("a", [1, 2, 3.3]), ("b", [10]), ("c", [4, 6.7]));

    private static async Task<JobOptions> OptionsAsync(FedJobClient client) => new()
    {
        TrainingPlan = TrainingPlanSource.FromType<CountingPlan>(),
        Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
        TrainingArgs = new TrainingArgs { Epochs = 1 },
        ModelArgs = new JsonObject { ["start"] = 100.0 },
        Seed = 11,
        RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
        Aggregator = new Momentum(),
        Sampler = new LeaveOneOut(),
    };

    private static ResumeOptions Resume() => new()
    {
        Aggregator = new Momentum(),
        Sampler = new LeaveOneOut(),
        RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
    };

    /// <summary>Runs rounds and waits for their metrics: one a node.</summary>
    private static async Task RunAsync(Job job, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            await job.RunRoundAsync(new RoundRequest(), Token);
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Token);
        timeout.CancelAfter(TestTimeouts.Default);
        await job.Metrics.ReadAllAsync(timeout.Token).Take(2 * job.Round).CountAsync(timeout.Token);
    }

    private static byte[] BitsOf(Job job)
    {
        using ModelParameters parameters = job.OpenParameters();
        return System.Runtime.InteropServices.MemoryMarshal.AsBytes(parameters["mean"].AsSpan<double>()).ToArray();
    }

    private static string Line(RoundResult round) =>
        $"{round.Round} {round.Outcome} {string.Join(", ", round.Verdicts.Select(v => $"{v.NodeId} {v.Kind} {v.SampleCount} {v.Reason}"))}";

    private static IEnumerable<string> MetricsOf(Job job) => job.Metrics.Query()
        .Select(m => $"{m.NodeId} {m.Phase} {m.Message.Iteration} {string.Join(' ', m.Message.Metrics.Select(v => $"{v.Key}={v.Value:R}"))}")
        .Order(StringComparer.Ordinal);

    private async Task<(string Id, IReadOnlyDictionary<string, string> States)> SaveAfterThreeAsync(LocalFederation federation, string name)
    {
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client), Token);
        await RunAsync(job, 3);
        await job.SaveCheckpointAsync(At(name), cancellationToken: Token);
        return (job.Id, job.NodeStates.States);
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(At(to));
        foreach (string file in Directory.GetFiles(At(from)))
        {
            File.Copy(file, Path.Combine(At(to), Path.GetFileName(file)));
        }
    }
}
