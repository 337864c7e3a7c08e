using FedJob.Abstractions;
using FedJob.Node.Execution;
using FedJob.Node.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Node.Execution;

public sealed class PlanStoreTests
{
    [Fact]
    public async Task GetApprovedAsync_PlanNobodyApproved_TypedAndNamesTheHash()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.RequireApproval = true);
        using var work = new WorkFolder(harness.Folder.At("work-of-the-test"));
        var store = new PlanStore(
            harness.Folder.At("plans-of-the-test"), new PlanRules(true, 1 << 24, 4), "node_1", harness.Repository, harness.Node.Approvals, NullLogger.Instance);
        var task = new TrainTask { Request = harness.Request(), Dataset = harness.Node.Datasets.All[0] };

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => store.GetApprovedAsync(task, work, token));

        Assert.Equal(FedJobErrorCode.TrainingPlanNotApproved, thrown.Code);
        Assert.Contains(harness.Plan.Sha256, thrown.Message, StringComparison.Ordinal);
    }
}
