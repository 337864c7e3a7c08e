using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.IntegrationTests.Storage;
using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using FedJob.TestPlans;
using FedJob.TrainingPlans;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Faults;

/// <summary>
/// Many rounds over 20 nodes of which one in twenty does something wrong: 30 by default, as many as <c>FEDJOB_SOAK_ROUNDS</c> says otherwise; its seed is
/// <c>FEDJOB_SOAK_SEED</c>.
/// </summary>
[Collection(nameof(SoakTests))]
public sealed class SoakTests
{
    private const double Probability = 0.05;
    private const int Nodes = 20;
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static RoundPolicy Policy => new()
    {
        Deadline = Deadline,
        MinimumReplies = Quorum.Fraction(0.6),
        Grace = TimeSpan.FromMilliseconds(200),
        PingInterval = TimeSpan.FromMilliseconds(500),
        Patience = 3,
        ReturnGrace = TimeSpan.FromSeconds(1),
        DownloadGrace = TimeSpan.FromSeconds(2),
    };

    [Fact]
    [Trait("fault", "16")]
    public async Task RunRoundAsync_RoundAfterRoundWithFaults_LosesNothingAndUsesNothingTwice()
    {
        int rounds = Setting("FEDJOB_SOAK_ROUNDS", 30);
        int seed = Setting("FEDJOB_SOAK_SEED", 1);
        var random = new Random(seed);
        var ledger = new SoakLedger();
        ScriptedNode[] nodes = [.. Enumerable.Range(0, Nodes).Select(i => ledger.Node($"n{i:00}", i))];
        using var scratch = new ScratchDirectory();
        string directory = scratch.PathOf("job");
        var options = new LocalFederationOptions { ScriptedNodes = [.. nodes], ScriptedFleet = new ScriptedFleetOptions { FinishedRepliesKept = 10 } };
        await using LocalFederation federation = await LocalFederation.StartAsync(options, cancellationToken: Token);
        await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: Token);
        await using Job job = await client.CreateJobAsync(
            new JobOptions
            {
                TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
                Data = await client.Requests.SearchAsync(["scripted"], cancellationToken: Token),
                TrainingArgs = new TrainingArgs { Epochs = 1 },
                ModelArgs = new JsonObject { ["start"] = 100.0 },
                WorkDirectory = directory,
                Seed = seed,
            },
            Token);
        SoakSample? early = null;
        (int faults, int failed) = (0, 0);
        var accepted = new Dictionary<VerdictKind, int>();
        long began = Stopwatch.GetTimestamp();

        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < Nodes; i++)
            {
                SoakFault fault = SoakFaults.Next(random, Probability);
                fault.Apply(nodes[i], round);
                faults += fault == SoakFault.None ? 0 : 1;
            }

            (RoundResult result, int attempts) = await RunOneAsync(job, ledger, RequestOf(round));
            failed += attempts - 1;
            foreach (NodeVerdict verdict in result.Verdicts)
            {
                accepted[verdict.Kind] = accepted.GetValueOrDefault(verdict.Kind) + 1;
            }

            early = round == Math.Min(rounds / 2, 50) ? SoakSample.Take(directory) : early;
        }

        TimeSpan took = Stopwatch.GetElapsedTime(began);
        SoakSample late = SoakSample.Take(directory);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rounds} rounds in {took}, {faults} faults, {failed} rounds run again, {ledger.Used} replies used, "
            + $"{string.Join(' ', accepted.OrderBy(a => a.Key).Select(a => $"{a.Key}:{a.Value}"))}; {early} -> {late}; refused {client.Requests.RefusedCount}");

        await StopFaultsAsync(nodes);
        (RoundResult last, _) = await RunOneAsync(
            job, ledger, new RoundRequest { Policy = Policy with { Deadline = TestTimeouts.Default, MinimumReplies = Quorum.All } });

        Assert.Equal(Nodes, last.Verdicts.Count(v => v.Kind == VerdictKind.Succeeded));
        Assert.Equal(rounds + 1, job.Round);
        Assert.True(faults > 0, "no fault was drawn");
        Assert.InRange(late.Memory - early!.Memory, long.MinValue, 32L << 20);
        Assert.InRange(late.Handles - early.Handles, int.MinValue, 40);
        Assert.InRange(late.Files - early.Files, int.MinValue, 2);
        Assert.InRange(late.Directories - early.Directories, int.MinValue, 0);
    }

    /// <summary>Runs a round until it succeeds, and checks all that must hold of it.</summary>
    private static async Task<(RoundResult Result, int Attempts)> RunOneAsync(Job job, SoakLedger ledger, RoundRequest request)
    {
        (int before, double global) = (job.Round, MeanOf(job));
        for (int attempt = 1; ; attempt++)
        {
            long began = Stopwatch.GetTimestamp();
            try
            {
                RoundResult result = await job.RunRoundAsync(request, Token);
                InsidePolicy(began, request.Policy!);
                Assert.Equal((before, before + 1), (result.Round, job.Round));
                Assert.Equal(ledger.Account(result, [.. job.LastRequests.Keys], global), MeanOf(job), 1e-9);
                return (result, attempt);
            }
            catch (RoundFailedException) when (attempt < 5)
            {
                InsidePolicy(began, request.Policy!);
                Assert.Equal((before, global), (job.Round, MeanOf(job)));
            }
        }
    }

    private static void InsidePolicy(long began, RoundPolicy policy) =>
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, policy.Deadline + policy.DownloadGrace + Slack);

    /// <summary>All nodes; some of them and more in case; some of them and others in place of the lost.</summary>
    private static RoundRequest RequestOf(int round) => (round % 3) switch
    {
        0 => new RoundRequest { Policy = Policy },
        1 => new RoundRequest { Policy = Policy with { OverSelection = 0.3, MinimumReplies = Quorum.All }, Sampler = new CountSampler(12) },
        _ => new RoundRequest { Policy = Policy with { ReplaceLostNodes = true }, Sampler = new CountSampler(12) },
    };

    private static async Task StopFaultsAsync(ScriptedNode[] nodes)
    {
        foreach (ScriptedNode node in nodes)
        {
            node.Behaves();
            await node.WaitForAsync(c => c.Connections == c.Crashes + 1, Token).WaitAsync(TestTimeouts.Default, Token);
        }
    }

    private static int Setting(string name, int usual) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}
