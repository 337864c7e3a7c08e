using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>Whole jobs over scripted nodes: what each line of a script does to a round.</summary>
public sealed class ScriptedNodeJobTests
{
    private static readonly RoundPolicy Patient = new() { Deadline = TestTimeouts.Default };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_FlawlessNodes_EachRoundIsTheWeightedMeanOfWhatTheyTrained()
    {
        ScriptedNode a = Halfway("a", 2, 3);
        ScriptedNode b = Halfway("b", 10, 1);
        await using LocalFederation federation = await StartAsync(a, b);
        await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: Token);
        await using Job job = await CreateJobAsync(client, Patient);

        double expected = 100;
        await foreach (RoundResult round in job.RunAsync(3, cancellationToken: Token))
        {
            expected = ((3 * Half(expected, 2)) + Half(expected, 10)) / 4;
            Assert.Equal("a:Succeeded b:Succeeded", Verdicts(round));
            Assert.Equal(expected, MeanOf(job), 1e-12);
        }

        Assert.Equal((3, 0, 3, 3), (a.Counters.Requests, a.Counters.RepeatedRequests, a.Counters.Trainings, a.Counters.Replies));
    }

    [Fact]
    public async Task RunRoundAsync_EachFlaw_GivesThatNodeAloneItsVerdict()
    {
        ScriptedNode[] nodes =
        [
            Halfway("corrupt", 1, 1).CorruptsFile(onRound: 0),
            Halfway("failing", 1, 1).FailsOnRound(0, "no room left"),
            Halfway("good", 10, 1),
            Halfway("missing", 1, 1).MissingFile(onRound: 0),
            Halfway("silent", 1, 1).GoesSilent(onRound: 0),
            new ScriptedNode("throwing", (ScriptedTask _) => throw new InvalidOperationException("diverged")),
        ];
        await using LocalFederation federation = await StartAsync(nodes);
        await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: Token);
        var policy = new RoundPolicy { Deadline = TimeSpan.FromSeconds(3), MinimumReplies = Quorum.Count(1), Grace = TimeSpan.FromSeconds(3) };
        await using Job job = await CreateJobAsync(client, policy);

        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal(
            "corrupt:DownloadFailed failing:TrainingFailed good:Succeeded missing:DownloadFailed silent:TimedOut throwing:TrainingFailed",
            Verdicts(round));
        Assert.Equal("no room left", round.Verdicts[1].Reason);
        Assert.Contains("diverged", round.Verdicts[5].Reason, StringComparison.Ordinal);
        Assert.Equal(55, MeanOf(job), 1e-12);
        Assert.Equal((1, 0), (nodes[4].Counters.Unanswered, nodes[4].Counters.Replies));
    }

    [Fact]
    public async Task RunAsync_NodesShareConnections_AllAreFoundAndAnswer()
    {
        ScriptedNode[] nodes = [.. Enumerable.Range(0, 60).Select(i => Halfway($"n{i:00}", i, 1))];
        var options = new LocalFederationOptions
        {
            ScriptedNodes = [.. nodes],
            ScriptedFleet = new ScriptedFleetOptions { NodesPerConnection = 25 },
        };
        await using LocalFederation federation = await LocalFederation.StartAsync(options, cancellationToken: Token);
        await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: Token);
        await using Job job = await CreateJobAsync(client, Patient);

        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal(3, federation.ScriptedFleet!.ConnectionCount);
        Assert.Equal(60, round.Verdicts.Count(v => v.Kind == VerdictKind.Succeeded));
        Assert.Equal(50 + (29.5 / 2), MeanOf(job), 1e-9);
    }

    [Fact]
    public async Task DropsOut_ByChance_SameSeedSameRounds()
    {
        Assert.Equal(await DroppedAsync(seed: 1), await DroppedAsync(seed: 1));
        Assert.NotEqual(await DroppedAsync(seed: 1), await DroppedAsync(seed: 2));
    }

    private static async Task<string> DroppedAsync(int seed)
    {
        ScriptedNode[] nodes = [.. Enumerable.Range(0, 12).Select(i => Halfway($"n{i:00}", i, 1).DropsOut(0.4))];
        var options = new LocalFederationOptions { ScriptedNodes = [.. nodes], ScriptedFleet = new ScriptedFleetOptions { Seed = seed } };
        await using LocalFederation federation = await LocalFederation.StartAsync(options, cancellationToken: Token);
        await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: Token);
        TimeSpan deadline = TimeSpan.FromSeconds(1);
        await using Job job = await CreateJobAsync(
            client, new RoundPolicy { Deadline = deadline, MinimumReplies = Quorum.Count(1), Grace = deadline });
        return Verdicts(await job.RunRoundAsync(new RoundRequest(), Token));
    }
}
