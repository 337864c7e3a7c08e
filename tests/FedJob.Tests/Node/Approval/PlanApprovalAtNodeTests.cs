using FedJob.Node.Approval;
using FedJob.Protocol.Messages;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.Tests.Node.Approval;

public sealed class PlanApprovalAtNodeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Train_UnknownPlan_IsRefusedAndWaitsForADecision()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);

        TrainReply reply = await harness.TrainAsync(harness.Request());

        Assert.False(reply.Success);
        Assert.StartsWith("Requested training plan is not approved by the node: node_1", reply.Text, StringComparison.Ordinal);
        Assert.Contains(harness.Plan.Sha256, reply.Text, StringComparison.Ordinal);
        PlanApproval pending = Assert.Single(await harness.Node.Approvals.ListAsync(Token));
        Assert.Equal((harness.Plan.Sha256, PlanApprovalStatus.Pending, TestPlan.TypeName), (pending.Sha256, pending.Status, pending.Name));
    }

    [Fact]
    public async Task Train_ApprovedFromAnotherProcess_RunsWithoutARestart()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);
        await harness.TrainAsync(harness.Request());

        await PlanApprovals.Open(harness.Folder.At("state"), TimeProvider.System).ApproveAsync(harness.Plan.Sha256, null, Token);

        Assert.True((await harness.TrainAsync(harness.Request())).Success);
    }

    [Fact]
    public async Task Train_ApprovedBeforeARestart_StillRuns()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);
        await harness.Node.Approvals.ApproveAsync(harness.Plan.Sha256, null, Token);

        await harness.RestartAsync(o => o.RequireApproval = true);

        Assert.True((await harness.TrainAsync(harness.Request())).Success);
    }

    [Fact]
    public async Task Train_BytesChangedAfterApproval_IsRefused()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);
        await harness.Node.Approvals.ApproveAsync(harness.Plan.Sha256, null, Token);
        PlanBundle changed = await TestPlan.GetChangedAsync();
        harness.Repository.Replace(harness.PlanUrl, changed.Bytes.ToArray());

        TrainReply reply = await harness.TrainAsync(harness.Request());

        Assert.False(reply.Success);
        Assert.Contains(changed.Sha256, reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_KeptPlanChangedOnTheDisk_IsDownloadedAgain()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);
        await harness.Node.Approvals.ApproveAsync(harness.Plan.Sha256, null, Token);
        (string, string) digest = (WireProperties.TrainingPlanDigest, "sha256:" + harness.Plan.Sha256);
        harness.Send(harness.Request(), "request_1", digest);
        await harness.NextReplyAsync();
        string kept = Assert.Single(Directory.GetFiles(harness.Folder.At("state/plans")));
        await File.WriteAllBytesAsync(kept, (await TestPlan.GetChangedAsync()).Bytes.ToArray(), Token);

        harness.Send(harness.Request(), "request_2", digest);

        Assert.True((await harness.NextReplyAsync()).Reply.Success);
        Assert.Equal(2, harness.Repository.Downloads.Count(url => url == harness.PlanUrl));
    }

    [Fact]
    public async Task Train_RejectedPlanWhereNoApprovalIsRequired_IsRefused()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = false);
        await harness.Node.Approvals.RejectAsync(harness.Plan.Sha256, null, Token);

        TrainReply reply = await harness.TrainAsync(harness.Request());

        Assert.False(reply.Success);
        Assert.Contains("Rejected", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_UnapprovedBytesThatAreNoBundle_AreNeverLookedAt()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);
        Uri url = harness.Repository.Add("PK bomb"u8.ToArray());

        TrainReply reply = await harness.TrainAsync(harness.Request() with { TrainingPlanUrl = url.AbsoluteUri });

        Assert.Contains("not approved", reply.Text, StringComparison.Ordinal);
    }
}
