using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>A round over more nodes than most federations have; each downloads, trains and uploads.</summary>
public sealed class ThousandNodesTests
{
    private const int Nodes = 1000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunRoundAsync_ThousandNodesOverFourConnections_EveryReplyIsUsedOnce()
    {
        ScriptedNode[] nodes = [.. Enumerable.Range(0, Nodes).Select(i => Halfway($"n{i:0000}", target: i, samples: 1 + i))];
        var options = new LocalFederationOptions { ScriptedNodes = [.. nodes], ScriptedFleet = new ScriptedFleetOptions { NodesPerConnection = Nodes / 4 } };
        await using LocalFederation federation = await LocalFederation.StartAsync(options, cancellationToken: Token);
        FedJobClientOptions clientOptions = federation.ClientOptions;
        clientOptions.SearchWindow = TimeSpan.FromSeconds(60);
        await using FedJobClient client = await FedJobClient.ConnectAsync(clientOptions, cancellationToken: Token);
        await using Job job = await CreateJobAsync(client, new RoundPolicy(), start: 0);

        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal(Nodes, round.Verdicts.Count);
        Assert.All(round.Verdicts, v => Assert.Equal(VerdictKind.Succeeded, v.Kind));
        Assert.All(nodes, n => Assert.Equal((1, 1), (n.Counters.Trainings, n.Counters.Replies)));

        // sum (1 + i) i / 2 over sum (1 + i), for i below n: (n - 1) / 3
        Assert.Equal((Nodes - 1) / 3.0, MeanOf(job), 1e-9);
    }
}
