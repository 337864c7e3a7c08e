using System.Diagnostics;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.IntegrationTests.Federation;
using FedJob.Metrics;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using FedJob.TestPlans;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Faults;

/// <summary>mosquitto killed and started again within a round.</summary>
[Trait("fault", "5")]
public sealed class BrokerRestartTests(ITestOutputHelper output)
{
    /// <summary>The figure is 5 s; the rest is for a busy machine.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(15);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(100)]
    [InlineData(2000)]
    public async Task RunRoundAsync_BrokerGoneWhileNodesTrain_CompletesAndNobodyTrainsTwice(int milliseconds)
    {
        await using MosquittoBroker broker = await StartBrokerAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedNode[] nodes = [.. new[] { ("a", 10.0), ("b", 20.0), ("c", 30.0) }.Select(n => Held(n.Item1, n.Item2, gate.Task))];
        await using LocalFederation federation = await LocalFederation.StartAsync(
            new LocalFederationOptions { ExternalBroker = broker.CreateClientOptions(), ScriptedNodes = [.. nodes] }, cancellationToken: Token);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await CreateJobAsync(client, new RoundPolicy { Deadline = TestTimeouts.Default });

        Task<RoundResult> round = job.RunRoundAsync(new RoundRequest(), Token);
        await Task.WhenAll(nodes.Select(n => n.WaitForAsync(c => c.Trainings == 1, Token))).WaitAsync(TestTimeouts.Default, Token);
        await broker.KillAsync(Token);
        gate.SetResult();
        await StayAwayAsync(milliseconds);
        await broker.RestartAsync(Token);
        long back = Stopwatch.GetTimestamp();
        RoundResult result = await round;
        TimeSpan took = Stopwatch.GetElapsedTime(back);

        output.WriteLine($"broker away for {milliseconds} ms; {took.TotalMilliseconds:0} ms after it was back the round had ended");
        Assert.Equal("a:Succeeded b:Succeeded c:Succeeded", Verdicts(result));
        Assert.Equal(60, MeanOf(job), 1e-12);
        Assert.All(nodes, n => Assert.Equal(1, n.Counters.Trainings));
        Assert.InRange(took, TimeSpan.Zero, Most);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(2000)]
    public async Task RunRoundAsync_BrokerGoneAsRequestsGoOut_RealNodesCompleteAndTrainOnce(int milliseconds)
    {
        await using MosquittoBroker broker = await StartBrokerAsync();
        using var ledger = new NodeLedger();
        using ILoggerFactory loggers = LoggerFactory.Create(b => b.AddProvider(ledger));
        var options = new LocalFederationOptions { ExternalBroker = broker.CreateClientOptions() };
        foreach (string nodeId in new[] { "a", "b", "c" })
        {
            options.Nodes.Add(new LocalNode(nodeId) { Datasets = { TestFederation.Dataset("numbers of " + nodeId, 1, 2, 3) } });
        }

        await using LocalFederation federation = await LocalFederation.StartAsync(options, loggers, cancellationToken: Token);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(
            new JobOptions
            {
                TrainingPlan = TrainingPlanSource.FromType<DriftPlan>(),
                Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
                TrainingArgs = new TrainingArgs { Epochs = 1, RandomSeed = 7 },
                RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
            },
            Token);
        using Subscription<RoundEvent> events = job.SubscribeToEvents();

        Task<RoundResult> round = job.RunRoundAsync(new RoundRequest(), Token);
        await events.ReadAllAsync(Token).FirstAsync(e => e.Kind == RoundEventKind.Sent, Token).AsTask().WaitAsync(TestTimeouts.Default, Token);
        await broker.KillAsync(Token);
        await StayAwayAsync(milliseconds);
        await broker.RestartAsync(Token);
        long back = Stopwatch.GetTimestamp();
        RoundResult result = await round;
        TimeSpan took = Stopwatch.GetElapsedTime(back);

        output.WriteLine($"broker away for {milliseconds} ms; {took.TotalMilliseconds:0} ms after it was back the round had ended");
        Assert.Equal("a:Succeeded b:Succeeded c:Succeeded", Verdicts(result));
        Assert.Equal(3, ledger.TrainingsOf(job.Id).Count);
        Assert.InRange(took, TimeSpan.Zero, Most);
    }

    [Fact]
    public async Task RunRoundAsync_PythonNodesDeafAfterTheBroker_TheRestartedOneIsAskedAgainAndTheOtherIsLost()
    {
        await using MosquittoBroker broker = await StartBrokerAsync();
        var options = new LocalFederationOptions { ExternalBroker = broker.CreateClientOptions() };
        options.ExternalBroker.ReconnectDelay = TimeSpan.FromMilliseconds(100);
        await using PythonBench bench = await PythonBench.StartAsync(Fleet.FedBioMedEmbedded, options);
        (NodeGate a, NodeGate b) = (bench.Gate("a"), bench.Gate("b"));
        RoundPolicy policy = PythonBench.Policy with
        {
            MinimumReplies = Quorum.Count(1),
            Grace = TestTimeouts.Default,
            PingInterval = TimeSpan.FromSeconds(1),
            Patience = 3,
            ReturnGrace = TestTimeouts.Default,
        };

        Task<RoundResult> round = bench.RunAsync(policy);
        await Task.WhenAll(a.BegunAsync(), b.BegunAsync());
        await broker.KillAsync(Token);
        await Task.WhenAll(bench.A.Deaf, bench.B.Deaf).WaitAsync(TestTimeouts.Default, Token);
        await broker.RestartAsync(Token);
        a.Open();
        await bench.A.RestartAsync(Token);
        long restarted = Stopwatch.GetTimestamp();
        RoundResult result = await round;

        output.WriteLine($"{Stopwatch.GetElapsedTime(restarted).TotalMilliseconds:0} ms after its owner had restarted node a the round had ended");
        Assert.Equal("a:Succeeded b:Lost", Verdicts(result));
        Assert.Equal((RoundOutcome.Degraded, 1.0), (result.Outcome, bench.Mean));
        Assert.Equal(2, bench.A.Requests.Count(r => (string?)JsonNode.Parse(r)!["command"] == "train"));
    }

    private static async Task<MosquittoBroker> StartBrokerAsync()
    {
        Assert.SkipUnless(MosquittoBroker.IsInstalled, "mosquitto is not installed (looked in PATH, /usr/sbin, /usr/local/sbin).");
        return await MosquittoBroker.StartAsync(cancellationToken: Token);
    }

    /// <summary>How long the broker is gone: the fault itself, not a wait for anything.</summary>
    private static async Task StayAwayAsync(int milliseconds)
    {
        using var outage = new PeriodicTimer(TimeSpan.FromMilliseconds(milliseconds));
        await outage.WaitForNextTickAsync(Token);
    }

    private static ScriptedNode Held(string nodeId, double target, Task gate) => new(nodeId, async (task, cancellationToken) =>
    {
        await gate.WaitAsync(cancellationToken);
        return new EmulatedUpdate { Parameters = Mean(Half(task.Parameters["mean"].AsSpan<double>()[0], target)), SampleCount = 1 };
    });
}
