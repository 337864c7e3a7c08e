using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using static FedJob.IntegrationTests.Scripting.ScriptedFederation;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Stragglers in rounds that ask more nodes than they need.</summary>
public sealed class OverSelectionFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("fault", "3")]
    public async Task RunRoundAsync_StragglerBeyondTheGoal_LateReplyIsCountedStaleAndNeverUsed()
    {
        ScriptedNode late = Halfway("late", 1000, 1).RepliesLate(onRound: 0);
        await using LocalFederation federation = await StartAsync(Halfway("a", 10, 1), Halfway("b", 20, 1), Halfway("c", 30, 1), late);
        await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: Token);
        RoundPolicy policy = new() { Deadline = TestTimeouts.Default };
        await using Job job = await CreateJobAsync(client, policy);

        RoundResult first = await job.RunRoundAsync(
            new RoundRequest { Sampler = new CountSampler(3), Policy = policy with { OverSelection = 0.3 } }, Token);
        double afterFirst = MeanOf(job);
        await late.WaitForAsync(c => c.Trainings == 1, Token).WaitAsync(TestTimeouts.Default, Token);
        long refused = client.Requests.RefusedCount;
        RoundResult second = await job.RunRoundAsync(new RoundRequest { Policy = policy }, Token);

        Assert.Equal((RoundOutcome.Completed, "a:Succeeded b:Succeeded c:Succeeded late:NotNeeded"), (first.Outcome, Verdicts(first)));
        Assert.Equal((55.0 + 60 + 65) / 3, afterFirst, 1e-12);
        Assert.Equal(1, client.Requests.RefusedCount - refused);
        Assert.Equal("a:Succeeded b:Succeeded c:Succeeded late:Succeeded", Verdicts(second));
        Assert.Equal((Half(afterFirst, 10) + Half(afterFirst, 20) + Half(afterFirst, 30) + Half(afterFirst, 1000)) / 4, MeanOf(job), 1e-9);
    }
}
