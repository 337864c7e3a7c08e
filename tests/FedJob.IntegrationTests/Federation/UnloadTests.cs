using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Node.Execution;
using FedJob.Rounds;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Federation;

/// <summary>A node's load context is really gone after each round, off the round's path.</summary>
public sealed class UnloadTests
{
    [Theory]
    [MemberData(nameof(Fleets.FedJob), MemberType = typeof(Fleets))]
    public async Task RunAsync_EachRound_PlanIsUnloadedWithinFiveSeconds(Fleet fleet)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1, 2]));
        var unloaded = Channel.CreateUnbounded<PlanUnloadedEventArgs>();
        federation.Nodes[0].PlanUnloaded += (_, plan) => unloaded.Writer.TryWrite(plan);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(
            new JobOptions
            {
                TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
                Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: token),
                TrainingArgs = new TrainingArgs { Epochs = 1 },
            },
            token);

        await foreach (RoundResult round in job.RunAsync(5, cancellationToken: token))
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(token);
            timeout.CancelAfter(TestTimeouts.Default);
            PlanUnloadedEventArgs plan = await unloaded.Reader.ReadAsync(timeout.Token);
            Assert.True(plan.IsUnloaded, $"round {round.Round}: the plan is still loaded");
            Assert.True(plan.Elapsed < TimeSpan.FromSeconds(5), $"round {round.Round}: unloaded only after {plan.Elapsed}");
        }
    }
}
