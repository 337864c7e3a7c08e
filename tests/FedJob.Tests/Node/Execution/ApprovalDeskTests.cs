using FedJob.Node.Approval;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Node.Execution;

public sealed class ApprovalDeskTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Approval_NewPlan_WaitsForTheOwnerWithTheDescription()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);

        ApprovalReply reply = await AskAsync(harness, harness.PlanUrl);

        Assert.Equal((7, 200, true), (reply.Sequence, reply.Status, reply.Success));
        PlanApproval pending = Assert.Single(await harness.Node.Approvals.ListAsync(Token));
        Assert.Equal((harness.Plan.Sha256, PlanApprovalStatus.Pending), (pending.Sha256, pending.Status));
        Assert.Equal(("NodeTestPlan", "please look"), (pending.Name, pending.Note));
    }

    [Theory]
    [InlineData("http://repository.test/files/404", 0)]
    [InlineData("http://elsewhere.test:8844/x", 0)]
    public async Task Approval_NoDownload_FailsWithItsStatus(string url, int status)
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        ApprovalReply reply = await AskAsync(harness, new Uri(url));

        Assert.Equal((status, false), (reply.Status, reply.Success));
    }

    [Fact]
    public async Task Approval_FileThatIsNoPlan_FailsAndDoesNotBotherTheOwner()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        ApprovalReply reply = await AskAsync(harness, harness.Repository.Add("import torch"u8.ToArray()));

        Assert.Equal((200, false), (reply.Status, reply.Success));
        Assert.Empty(await harness.Node.Approvals.ListAsync(Token));
    }

    [Fact]
    public async Task Status_ThroughAPlansLife_TellsEachStep()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);
        List<TrainingPlanStatus> seen = [(await LookUpAsync(harness, harness.PlanUrl)).Status];
        await AskAsync(harness, harness.PlanUrl);
        seen.Add((await LookUpAsync(harness, harness.PlanUrl)).Status);
        await harness.Node.Approvals.ApproveAsync(harness.Plan.Sha256, null, Token);
        seen.Add((await LookUpAsync(harness, harness.PlanUrl)).Status);
        await harness.Node.Approvals.RejectAsync(harness.Plan.Sha256, null, Token);

        TrainingPlanStatusReply last = await LookUpAsync(harness, harness.PlanUrl);

        Assert.Equal([TrainingPlanStatus.NotRegistered, TrainingPlanStatus.Pending, TrainingPlanStatus.Approved], seen);
        Assert.Equal(
            (TrainingPlanStatus.Rejected, true, true, NodeHarness.Job), (last.Status, last.Success, last.ApprovalObligation, last.JobId));
    }

    [Fact]
    public async Task Status_NoApprovalRequired_SaysSo()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = false);

        TrainingPlanStatusReply reply = await LookUpAsync(harness, harness.PlanUrl);

        Assert.Equal((true, false), (reply.Success, reply.ApprovalObligation));
    }

    [Fact]
    public async Task Status_NoDownload_IsAnError()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainingPlanStatusReply reply = await LookUpAsync(harness, new Uri("http://repository.test/files/404"));

        Assert.Equal((false, TrainingPlanStatus.Error), (reply.Success, reply.Status));
        Assert.Contains("404", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_WhileATrainingRuns_IsAnsweredAtOnce()
    {
        using var gate = new PlanGate();
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(gate.Args()));
        await gate.Entered;

        TrainingPlanStatusReply reply = await LookUpAsync(harness, harness.PlanUrl);

        Assert.True(reply.Success);
        Assert.DoesNotContain(harness.Link.History, m => m.Topic == Topics.Researchers && FakeLink.Read(m) is TrainReply);
    }

    private static async Task<ApprovalReply> AskAsync(NodeHarness harness, Uri url)
    {
        harness.Send(new ApprovalRequest
        {
            ResearcherId = NodeHarness.Researcher,
            Description = "please look",
            Sequence = 7,
            TrainingPlanUrl = url.AbsoluteUri,
        });
        return (await harness.Link.NextAsync<ApprovalReply>(Token)).Message;
    }

    private static async Task<TrainingPlanStatusReply> LookUpAsync(NodeHarness harness, Uri url)
    {
        harness.Send(new TrainingPlanStatusRequest
        {
            ResearcherId = NodeHarness.Researcher,
            JobId = NodeHarness.Job,
            TrainingPlanUrl = url.AbsoluteUri,
        });
        return (await harness.Link.NextAsync<TrainingPlanStatusReply>(Token)).Message;
    }
}
