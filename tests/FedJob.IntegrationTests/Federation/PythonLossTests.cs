using System.Diagnostics;
using FedJob.Metrics;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Python nodes that go silent in a round: lost by pings long before the deadline, and back once restarted.</summary>
public sealed class PythonLossTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_NodeKilledInTraining_IsLostAndAnswersTheNextRoundOnceRestarted(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);

        await LoseAsync(bench, () => bench.A.KillAsync());
        await AssertNextRoundWorksAsync(bench, bench.A);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_NodeDeafWithAnOpenSession_IsLostByPings(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);

        await LoseAsync(bench, async () =>
        {
            await bench.Raw.SayAsync(Topics.Node("a"), "this is not json"u8.ToArray());
            await bench.A.Deaf.WaitAsync(TestTimeouts.Default, Token);
        });
        await AssertNextRoundWorksAsync(bench, bench.A);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_NodeTerminated_IsLostDespiteItsFarewell(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);

        await LoseAsync(bench, async () =>
        {
            await bench.A.TerminateAsync();
            Assert.StartsWith("FB312", (string)(await bench.Raw.NextAsync("error", "a"))["errnum"]!, StringComparison.Ordinal);
        });
        await AssertNextRoundWorksAsync(bench, bench.A);
    }

    [Theory]
    [Trait("fault", "2")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_NodeTerminatedAndRestartedBetweenTwoPings_IsAskedAgain(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        NodeGate a = bench.Gate("a");
        Task<RoundResult> round = bench.RunAsync(PythonBench.Policy with { PingInterval = TimeSpan.FromSeconds(2) });
        await a.BegunAsync();

        await bench.A.TerminateAsync(Token);
        bench.Before("a", (_, _) => Task.CompletedTask);
        await bench.A.RestartAsync(Token);
        RoundResult result = await round;

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal(PythonBench.Round(0), bench.Mean, 1e-12);
    }

    /// <summary>Emulated nodes never connect again, so they stay deaf; the researcher's link comes back, and the quorum decides.</summary>
    [Fact]
    public async Task RunRoundAsync_BrokerKilledAndRestarted_QuorumDecidesAndRestartedNodesTrainOn()
    {
        Assert.SkipUnless(MosquittoBroker.IsInstalled, "mosquitto is not installed (looked in PATH, /usr/sbin, /usr/local/sbin).");
        await using MosquittoBroker broker = await MosquittoBroker.StartAsync(cancellationToken: Token);
        var options = new LocalFederationOptions { ExternalBroker = broker.CreateClientOptions() };
        options.ExternalBroker.ReconnectDelay = TimeSpan.FromMilliseconds(100);
        await using PythonBench bench = await PythonBench.StartAsync(Fleet.FedBioMedEmbedded, options);

        await LoseAsync(bench, async () =>
        {
            await broker.KillAsync(Token);
            await Task.WhenAll(bench.A.Deaf, bench.B.Deaf).WaitAsync(TestTimeouts.Default, Token);
            await broker.RestartAsync(Token);
        });
        await AssertNextRoundWorksAsync(bench, bench.A, bench.B);
    }

    /// <summary>Runs a round in which b replies and a is lost while it trains.</summary>
    private static async Task LoseAsync(PythonBench bench, Func<Task> act)
    {
        NodeGate a = bench.Gate("a");
        using Subscription<RoundEvent> events = bench.Job.SubscribeToEvents();
        long began = Stopwatch.GetTimestamp();

        Task<RoundResult> round = bench.RunAsync(PythonBench.OneIsEnough);
        await a.BegunAsync();
        await QuorumAsync(events);
        await act();
        RoundResult result = await round;

        Assert.Equal([VerdictKind.Lost, VerdictKind.Succeeded], result.Verdicts.Select(v => v.Kind));
        Assert.Contains("ping", result.Verdicts[0].Reason, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TestTimeouts.Default / 2);
        Assert.Equal((RoundOutcome.Degraded, 5.0), (result.Outcome, bench.Mean));
        bench.Before("a", (_, _) => Task.CompletedTask);
    }

    private static async Task AssertNextRoundWorksAsync(PythonBench bench, params FedBioMedNodeEmulator[] restarted)
    {
        foreach (FedBioMedNodeEmulator node in restarted)
        {
            await node.RestartAsync(Token);
        }

        RoundResult next = await bench.RunAsync();

        Assert.Equal(RoundOutcome.Completed, next.Outcome);
        Assert.Equal(PythonBench.Round(5), bench.Mean, 1e-12);
    }

    private static async Task QuorumAsync(Subscription<RoundEvent> events)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TestTimeouts.Default);
        await events.ReadAllAsync(limit.Token).FirstAsync(e => e.Kind == RoundEventKind.QuorumReached, limit.Token);
    }
}
