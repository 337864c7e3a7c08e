using System.Diagnostics;
using FedJob.Abstractions;
using FedJob.IntegrationTests.Federation;
using FedJob.IntegrationTests.Storage;
using FedJob.Nodes;
using FedJob.Protocol.Mqtt;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Faults;
using FedJob.Testing.Scripting;
using FedJob.TrainingPlans;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Links to the broker that flap, are half open, or never come about.</summary>
public sealed class LinkFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("fault", "7")]
    public async Task RunRoundAsync_NodesLinksFlapEveryHalfSecond_CompletesWithoutAStormOfConnections()
    {
        ScriptedNode[] nodes = [.. Enumerable.Range(0, 5).Select(i => Halfway($"n{i}", i, 1).RepliesAfter(TimeSpan.FromSeconds(2)))];
        await using FaultFederation federation = await FaultFederation.StartAsync(nodes);
        await using FedJobClient client = await federation.ConnectAsync();
        await using Job job = await CreateJobAsync(client, new RoundPolicy { Deadline = TestTimeouts.Default });

        Task<RoundResult> running = job.RunRoundAsync(new RoundRequest(), Token);
        await Task.WhenAll(nodes.Select(node => node.WaitForAsync(c => c.Trainings == 1, Token))).WaitAsync(TestTimeouts.Default, Token);
        long begun = Stopwatch.GetTimestamp();
        federation.Links.Flap(TimeSpan.FromMilliseconds(500));
        RoundResult round = await running;

        Assert.All(round.Verdicts, v => Assert.Equal(VerdictKind.Succeeded, v.Kind));
        Assert.Equal(50 + (2.0 / 2), MeanOf(job), 1e-9);
        Assert.All(nodes, node => Assert.Equal(1, node.Counters.Trainings));
        FaultProxyCounters counters = federation.Links.Counters;
        Assert.InRange(counters.Cut, 5, int.MaxValue);

        // Each node once at the start, then at most once a pause of at least 50 ms, doubling: far fewer than this.
        Assert.InRange(counters.Accepted, 10, 5 + (5 * (int)(Stopwatch.GetElapsedTime(begun).TotalSeconds + 1) * 6));
    }

    [Fact]
    [Trait("fault", "7")]
    public async Task RunRoundAsync_LinkHalfOpen_KeepAliveDetectsItAndTheReplyArrives()
    {
        var trained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var node = new ScriptedNode("a", async (task, _) =>
        {
            await trained.Task;
            return new EmulatedUpdate { Parameters = Mean(7), SampleCount = 1 };
        });
        await using FaultFederation federation = await FaultFederation.StartAsync([node]);
        await using FedJobClient client = await federation.ConnectAsync();
        await using Job job = await CreateJobAsync(client, new RoundPolicy { Deadline = TestTimeouts.Default });

        Task<RoundResult> running = job.RunRoundAsync(new RoundRequest(), Token);
        await node.WaitForAsync(c => c.Trainings == 1, Token).WaitAsync(TestTimeouts.Default, Token);
        federation.Links.Set(1, new LinkFaults { BlackHole = true });
        await federation.Links.WaitForAsync(c => c.Accepted == 2, Token).WaitAsync(TestTimeouts.Default, Token);
        trained.SetResult();

        Assert.Equal("a:Succeeded", Verdicts(await running));
        Assert.Equal(7, MeanOf(job));
        Assert.InRange(federation.Links.Counters.BytesSwallowed, 1, 1000);
    }

    [Fact]
    [Trait("fault", "7")]
    public async Task RunRoundAsync_PythonNodesLinkIsCut_ItIsLostAndTheOthersComplete()
    {
        using var scratch = new ScratchDirectory();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedNode a = Halfway("a", 10, 1).RepliesAfter(TimeSpan.FromSeconds(1));
        await using FaultFederation federation = await FaultFederation.StartAsync([a]);
        FedBioMedNodeEmulatorOptions options = FleetFederation.Emulated("py", [1], (_, cancellationToken) =>
        {
            begun.SetResult();
            return Task.Delay(Timeout.Infinite, cancellationToken);
        });
        options.Broker.Port = federation.Links.Port;
        options.Repository.Address = federation.Repository.Address;
        await using FedBioMedNodeEmulator python = await FedBioMedNodeEmulator.StartAsync(options, cancellationToken: Token);
        await using FedJobClient client = await federation.ConnectAsync();
        string module = scratch.Write("mean.py", "class MeanPlan: pass"u8.ToArray());
        FederatedDataset ofA = await client.Requests.SearchAsync(["scripted"], cancellationToken: Token);
        FederatedDataset ofPython = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token);
        await using Job job = await client.CreateJobAsync(
            new JobOptions
            {
                TrainingPlan = TrainingPlanSource.FromPythonModule(module, "MeanPlan", Mean(100)),
                Data = new FederatedDataset([.. ofA.Datasets, .. ofPython.Datasets]),
                TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 1 },
                RoundPolicy = new RoundPolicy
                {
                    Deadline = TimeSpan.FromMinutes(10),
                    MinimumReplies = Quorum.Count(1),
                    Grace = TimeSpan.FromMinutes(10),
                    PingInterval = TimeSpan.FromMilliseconds(300),
                    Patience = 3,
                },
            },
            Token);

        Task<RoundResult> running = job.RunRoundAsync(new RoundRequest(), Token);
        await begun.Task.WaitAsync(TestTimeouts.Default, Token);
        federation.Links.Cut();

        Assert.Equal("a:Succeeded py:Lost", Verdicts(await running.WaitAsync(TestTimeouts.Default, Token)));
        Assert.True(python.IsDeaf);
        Assert.Equal(1, a.Counters.Trainings);
    }

    [Fact]
    [Trait("fault", "6")]
    public async Task ConnectAsync_BrokerAcceptsAndStaysSilent_TypedWithinTheConnectTimeout()
    {
        await using LocalFederation federation = await LocalFederation.StartAsync(new LocalFederationOptions(), cancellationToken: Token);
        await using FaultProxy proxy = FaultProxy.Start(new FaultProxyOptions { TargetPort = federation.Broker.Port });
        proxy.Set(new LinkFaults { BlackHole = true });
        FedJobClientOptions options = federation.ClientOptions;
        options.Broker.Port = proxy.Port;
        options.Broker.ConnectTimeout = TimeSpan.FromSeconds(1);
        long begun = Stopwatch.GetTimestamp();

        MessagingException thrown = await Assert.ThrowsAsync<MessagingException>(
            () => FedJobClient.ConnectAsync(options, cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.BrokerUnreachable, thrown.Code);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(10));
        Assert.Equal(1, proxy.Counters.Accepted);
    }

    [Fact]
    [Trait("fault", "6")]
    public async Task ConnectAsync_ConnectionsAreReset_TypedAtOnce()
    {
        await using LocalFederation federation = await LocalFederation.StartAsync(new LocalFederationOptions(), cancellationToken: Token);
        await using FaultProxy proxy = FaultProxy.Start(new FaultProxyOptions { TargetPort = federation.Broker.Port });
        proxy.Set(new LinkFaults { Refuse = true });
        FedJobClientOptions options = federation.ClientOptions;
        options.Broker.Port = proxy.Port;

        MessagingException thrown = await Assert.ThrowsAsync<MessagingException>(
            () => FedJobClient.ConnectAsync(options, cancellationToken: Token));

        Assert.True(thrown.Code is FedJobErrorCode.BrokerUnreachable or FedJobErrorCode.BrokerRefused, thrown.Message);
    }

    [Fact]
    [Trait("fault", "6")]
    public async Task ConnectAsync_LoginRefused_TypedAndNotTriedAgain()
    {
        var broker = new LocalBrokerOptions { UserName = "user", Password = "right" };
        await using LocalFederation federation = await LocalFederation.StartAsync(
            new LocalFederationOptions { Broker = broker }, cancellationToken: Token);
        await using FaultProxy proxy = FaultProxy.Start(new FaultProxyOptions { TargetPort = federation.Broker.Port });
        FedJobClientOptions options = federation.ClientOptions;
        (options.Broker.Port, options.Broker.UserName, options.Broker.Password) = (proxy.Port, "user", "wrong");

        MessagingException thrown = await Assert.ThrowsAsync<MessagingException>(
            () => FedJobClient.ConnectAsync(options, cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.BrokerAuthenticationFailed, thrown.Code);
        Assert.DoesNotContain("wrong", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(1, proxy.Counters.Accepted);
    }
}
