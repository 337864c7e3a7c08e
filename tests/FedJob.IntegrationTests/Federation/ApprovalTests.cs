using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Testing;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>The way of a job's plan to its nodes' owners and back, at both kinds of nodes.</summary>
public sealed class ApprovalTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task CheckTrainingPlanApprovalAsync_NodeThatAsksForNone_CanTrain(Fleet fleet)
    {
        await using FleetFederation federation = await TestFederation.StartAsync(fleet, ("a", [1]), ("b", [2]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await JobAsync(client, federation);

        IReadOnlyDictionary<string, TrainingPlanApproval> answers = await job.CheckTrainingPlanApprovalAsync(Token);

        Assert.Equal(["a", "b"], answers.Keys);
        Assert.All(answers.Values, a => Assert.Equal(TrainingPlanApprovalStatus.NotRequired, a.Status));
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task RequestTrainingPlanApprovalAsync_OneNode_ReceivedThenPending(Fleet fleet)
    {
        var options = new LocalFederationOptions { RequireApproval = true };
        if (fleet.IsFedBioMed())
        {
            FedBioMedNodeEmulatorOptions open = FleetFederation.Emulated("a", [1]);
            options.FedBioMedNodes.Add(new() { NodeId = "a", Datasets = { open.Datasets[0] }, Plan = open.Plan, RequiresApproval = true });
        }

        await using FleetFederation federation =
            fleet.IsFedBioMed() ? await TestFederation.StartAsync(fleet, options) : await TestFederation.StartAsync(fleet, options, ("a", [1]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await JobAsync(client, federation);

        TrainingPlanApproval before = (await job.CheckTrainingPlanApprovalAsync(Token))["a"];
        ApprovalRequestAnswer answer = (await job.RequestTrainingPlanApprovalAsync("the mean", Token))["a"];
        TrainingPlanApproval after = (await job.CheckTrainingPlanApprovalAsync(Token))["a"];

        Assert.Equal(TrainingPlanApprovalStatus.NotRegistered, before.Status);
        Assert.Equal(ApprovalRequestOutcome.Received, answer.Outcome);
        Assert.Equal(TrainingPlanApprovalStatus.Pending, after.Status);
    }

    private static async Task<Job> JobAsync(FedJobClient client, FleetFederation federation) => await client.CreateJobAsync(
        new JobOptions
        {
            TrainingPlan = federation.MeanPlan(),
            Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
            TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 8 },
        },
        Token);
}
