using System.Diagnostics;
using FedJob.Rounds;
using FedJob.Testing.Scripting;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Nodes that die, are silent, late, or say things twice.</summary>
public sealed class NodeFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("fault", "1")]
    public async Task RunRoundAsync_NodeNeverReplies_EndsAtItsDeadlineWithTheOthers()
    {
        await using FaultFederation federation = await FaultFederation.StartAsync(
            [Halfway("a", 10, 1), Halfway("b", 1, 1).DropsOut(1), Halfway("c", 20, 1)]);
        await using FedJobClient client = await federation.ConnectAsync();
        TimeSpan deadline = TimeSpan.FromSeconds(2);
        await using Job job = await CreateJobAsync(client, Policy(deadline, needed: 2) with { Grace = deadline });

        long begun = Stopwatch.GetTimestamp();
        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal("a:Succeeded b:TimedOut c:Succeeded", Verdicts(round));
        Assert.InRange(Stopwatch.GetElapsedTime(begun), deadline - TimeSpan.FromMilliseconds(50), deadline + TimeSpan.FromSeconds(10));
        Assert.Equal((55.0 + 60) / 2, MeanOf(job), 1e-12);
    }

    [Fact]
    [Trait("fault", "2")]
    public async Task RunRoundAsync_NodeDiesWhileTraining_LostLongBeforeTheDeadline()
    {
        await using FaultFederation federation = await FaultFederation.StartAsync(
            [Halfway("a", 10, 1), Halfway("b", 1, 1).Crashes(onRound: 0), Halfway("c", 20, 1)]);
        await using FedJobClient client = await federation.ConnectAsync();
        RoundPolicy policy = Policy(TimeSpan.FromMinutes(10), needed: 2) with
        {
            Grace = TimeSpan.FromMinutes(10),
            PingInterval = TimeSpan.FromMilliseconds(500),
            Patience = 3,
        };
        await using Job job = await CreateJobAsync(client, policy);

        RoundResult round = await job.RunRoundAsync(new RoundRequest(), Token).WaitAsync(TestTimeouts.Default, Token);

        Assert.Equal("a:Succeeded b:Lost c:Succeeded", Verdicts(round));
    }

    [Fact]
    [Trait("fault", "2")]
    public async Task RunRoundAsync_NodeThatDiedIsBack_TakesPartInTheNextRound()
    {
        ScriptedNode b = Halfway("b", 1, 1).Crashes(onRound: 0, backAfter: TimeSpan.FromMilliseconds(200));
        await using FaultFederation federation = await FaultFederation.StartAsync([Halfway("a", 10, 1), b]);
        await using FedJobClient client = await federation.ConnectAsync();
        await using Job job = await CreateJobAsync(client, Policy(TimeSpan.FromSeconds(3), needed: 1));

        await job.RunRoundAsync(new RoundRequest(), Token);
        await b.WaitForAsync(c => c.Connections == 2, Token).WaitAsync(TestTimeouts.Default, Token);
        RoundResult second = await job.RunRoundAsync(
            new RoundRequest { Policy = Policy(TestTimeouts.Default, needed: 2) }, Token);

        Assert.Equal("a:Succeeded b:Succeeded", Verdicts(second));
    }

    [Fact]
    [Trait("fault", "3")]
    public async Task RunRoundAsync_Straggler_RoundGoesOnWithoutItAndItsLateReplyIsNeverUsed()
    {
        ScriptedNode late = Halfway("late", 1000, 1).RepliesLate(onRound: 0);
        await using FaultFederation federation = await FaultFederation.StartAsync([Halfway("a", 10, 1), Halfway("b", 20, 1), late]);
        await using FedJobClient client = await federation.ConnectAsync();
        await using Job job = await CreateJobAsync(client, Policy(TestTimeouts.Default, needed: 2));

        RoundResult first = await job.RunRoundAsync(new RoundRequest(), Token);
        double afterFirst = MeanOf(job);
        await late.WaitForAsync(c => c.Trainings == 1, Token).WaitAsync(TestTimeouts.Default, Token);
        RoundResult second = await job.RunRoundAsync(new RoundRequest { Policy = Policy(TestTimeouts.Default, needed: 3) }, Token);

        Assert.Equal("a:Succeeded b:Succeeded late:NotNeeded", Verdicts(first));
        Assert.Equal((55.0 + 60) / 2, afterFirst, 1e-12);
        Assert.Equal("a:Succeeded b:Succeeded late:Succeeded", Verdicts(second));
        Assert.Equal((Half(afterFirst, 10) + Half(afterFirst, 20) + Half(afterFirst, 1000)) / 3, MeanOf(job), 1e-9);
        Assert.Equal((2, 2), (late.Counters.Trainings, late.Counters.Replies));
    }

    [Fact]
    [Trait("fault", "4")]
    public async Task RunAsync_RepliesTwiceAndInAnyOrder_SameBitsAsTheOrderedRun()
    {
        byte[] ordered = await RunAsync(node => node);
        byte[] disordered = await RunAsync(node => node.Duplicates(3).RepliesAfter(TimeSpan.Zero, TimeSpan.FromMilliseconds(60)));

        Assert.Equal(ordered, disordered);
    }

    private static async Task<byte[]> RunAsync(Func<ScriptedNode, ScriptedNode> script)
    {
        ScriptedNode[] nodes = [.. Enumerable.Range(1, 6).Select(i => script(Halfway($"n{i}", Math.Sqrt(i), i)))];
        await using FaultFederation federation = await FaultFederation.StartAsync(nodes);
        await using FedJobClient client = await federation.ConnectAsync();
        await using Job job = await CreateJobAsync(client, Policy(TestTimeouts.Default, needed: 6), start: 1.0 / 3);
        await foreach (RoundResult round in job.RunAsync(4, cancellationToken: Token))
        {
            Assert.All(round.Verdicts, v => Assert.Equal(VerdictKind.Succeeded, v.Kind));
        }

        Assert.All(nodes, node => Assert.Equal((4, 4), (node.Counters.Requests, node.Counters.Trainings)));
        return BitConverter.GetBytes(MeanOf(job));
    }

    private static RoundPolicy Policy(TimeSpan deadline, int needed) => new() { Deadline = deadline, MinimumReplies = Quorum.Count(needed) };
}
