using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Node.Approval;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>A plan's whole way to its nodes' owners, and the round that only their approval lets run.</summary>
public sealed class ApprovalFlowTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task EnsureTrainingPlanApprovedAsync_FromUnknownToApproved_TheRoundRuns(Fleet fleet)
    {
        await using FleetFederation federation = await StartAsync(fleet, ("a", true), ("b", true));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await JobAsync(client, federation);

        Assert.Equal("a NotRegistered, b NotRegistered", await StatusesAsync(job));
        Assert.Equal("a Received, b Received", await RequestAsync(job));
        Assert.Equal("a Pending, b Pending", await StatusesAsync(job));
        await DecideAsync(federation, 0, job, approve: true);
        await DecideAsync(federation, 1, job, approve: false);
        Assert.Equal("a Received, b Received", await RequestAsync(job));
        Assert.Equal("a Approved, b Rejected", await StatusesAsync(job));

        TrainingPlanNotApprovedException thrown =
            await Assert.ThrowsAsync<TrainingPlanNotApprovedException>(() => job.EnsureTrainingPlanApprovedAsync(cancellationToken: Token));
        Assert.Equal(TrainingPlanApprovalStatus.Rejected, thrown.Answers["b"].Status);
        Assert.Contains(job.TrainingPlanSha256, thrown.Message, StringComparison.Ordinal);
        RoundFailedException refused = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));
        Assert.Equal([VerdictKind.Succeeded, VerdictKind.TrainingFailed], refused.Verdicts.Select(v => v.Kind));

        var patient = new ApprovalPolicy
        {
            WhenPartial = PartialApproval.Wait,
            Timeout = TestTimeouts.Default,
            CheckInterval = TimeSpan.FromMilliseconds(50),
        };
        Task<IReadOnlyDictionary<string, TrainingPlanApproval>> waiting = job.EnsureTrainingPlanApprovedAsync(patient, Token);
        await DecideAsync(federation, 1, job, approve: true);
        Assert.All((await waiting).Values, a => Assert.True(a.CanTrain));
        Assert.Equal(RoundOutcome.Completed, (await job.RunRoundAsync(new RoundRequest(), Token)).Outcome);
    }

    [Theory]
    [MemberData(nameof(Fleets.All), MemberType = typeof(Fleets))]
    public async Task EnsureTrainingPlanApprovedAsync_OneUnknownOneGone_ContinuesWithWhoNeedsNone(Fleet fleet)
    {
        await using FleetFederation federation = await StartAsync(fleet, ("a", true), ("b", false), ("c", true));
        FedJobClientOptions options = federation.ClientOptions;
        options.ApprovalWindow = TimeSpan.FromSeconds(2);
        await using FedJobClient client = await FedJobClient.ConnectAsync(options, cancellationToken: Token);
        await using Job job = await JobAsync(client, federation);
        await federation.KillNodeAsync(2);

        Assert.Equal("a NotRegistered, b NotRequired, c NoAnswer", await StatusesAsync(job));
        Assert.Equal("a Received, b Received, c NoAnswer", await RequestAsync(job));
        var policy = new ApprovalPolicy { WhenPartial = PartialApproval.ContinueWithApproved };
        IReadOnlyDictionary<string, TrainingPlanApproval> answers = await job.EnsureTrainingPlanApprovedAsync(policy, Token);
        RoundResult result = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal(["a", "b", "c"], answers.Keys);
        Assert.Equal(["b"], job.Nodes);
        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal("b", Assert.Single(result.Verdicts).NodeId);
    }

    private static Task<FleetFederation> StartAsync(Fleet fleet, params (string NodeId, bool RequiresApproval)[] nodes)
    {
        var options = new LocalFederationOptions { RequireApproval = true };
        foreach ((string nodeId, bool requiresApproval) in nodes)
        {
            if (fleet.IsFedBioMed())
            {
                FedBioMedNodeEmulatorOptions node = FleetFederation.Emulated(nodeId, [1, 2]);
                options.FedBioMedNodes.Add(new()
                {
                    NodeId = nodeId,
                    Datasets = node.Datasets,
                    Plan = node.Plan,
                    RequiresApproval = requiresApproval,
                });
            }
            else
            {
                options.Nodes.Add(new LocalNode(nodeId)
                {
                    Datasets = { TestFederation.Dataset("numbers of " + nodeId, 1, 2) },
                    Configure = o => o.RequireApproval = requiresApproval,
                });
            }
        }

        return TestFederation.StartAsync(fleet, options);
    }

    private static async Task<Job> JobAsync(FedJobClient client, FleetFederation federation) => await client.CreateJobAsync(
        new JobOptions
        {
            TrainingPlan = federation.MeanPlan(),
            Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
            TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 8 },
            RoundPolicy = PythonBench.Policy,
        },
        Token);

    private static async Task<string> StatusesAsync(Job job) =>
        string.Join(", ", (await job.CheckTrainingPlanApprovalAsync(Token)).Values.Select(a => $"{a.NodeId} {a.Status}"));

    private static async Task<string> RequestAsync(Job job) =>
        string.Join(", ", (await job.RequestTrainingPlanApprovalAsync("the mean", Token)).Values.Select(a => $"{a.NodeId} {a.Outcome}"));

    private static Task DecideAsync(FleetFederation federation, int index, Job job, bool approve)
    {
        if (federation.FedBioMedNodes.Count > 0)
        {
            federation.FedBioMedNodes[index].SetPlanStatus(
                job.TrainingPlanSha256, approve ? TrainingPlanStatus.Approved : TrainingPlanStatus.Rejected);
            return Task.CompletedTask;
        }

        PlanApprovals approvals = federation.Nodes[index].Approvals;
        return approve
            ? approvals.ApproveAsync(job.TrainingPlanSha256, null, Token)
            : approvals.RejectAsync(job.TrainingPlanSha256, null, Token);
    }
}
