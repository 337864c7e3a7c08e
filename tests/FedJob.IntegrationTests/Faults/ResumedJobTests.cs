using FedJob.Abstractions;
using FedJob.IntegrationTests.Federation;
using FedJob.IntegrationTests.Storage;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.TestPlans;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob.IntegrationTests.Faults;

/// <summary>A job that is taken up on a connection on which its nodes have never said anything.</summary>
public sealed class ResumedJobTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("fault", "12")]
    public async Task ResumeJobAsync_ConnectionThatHasMetNobody_FedJobNodesGetRequestsWithAnId(bool fromJournal)
    {
        using var scratch = new ScratchDirectory();
        using var ledger = new NodeLedger();
        using ILoggerFactory loggers = LoggerFactory.Create(b => b.AddProvider(ledger));
        await using LocalFederation federation = await LocalFederation.StartAsync(
            new LocalFederationOptions { Nodes = { new LocalNode("a") { Datasets = { TestFederation.Dataset("numbers", 1, 2, 3) } } } },
            loggers,
            cancellationToken: Token);
        await using (FedJobClient client = await TestFederation.ConnectAsync(federation))
        {
            await using Job job = await client.CreateJobAsync(
                new JobOptions
                {
                    TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
                    Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
                    TrainingArgs = new TrainingArgs { Epochs = 1 },
                    WorkDirectory = scratch.PathOf("job"),
                },
                Token);
            await job.SaveCheckpointAsync(scratch.PathOf("checkpoint"), cancellationToken: Token);
        }

        await using FedJobClient later = await TestFederation.ConnectAsync(federation);
        await using Job resumed = await later.ResumeJobAsync(scratch.PathOf(fromJournal ? "job" : "checkpoint"), cancellationToken: Token);
        RoundResult round = await resumed.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal(VerdictKind.Succeeded, Assert.Single(round.Verdicts).Kind);
        Assert.NotEqual(NodeLedger.NoId, Assert.Single(ledger.TrainingsOf(resumed.Id)));
    }
}
