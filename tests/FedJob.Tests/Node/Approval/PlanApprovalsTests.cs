using FedJob.Abstractions;
using FedJob.Node.Approval;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Node.Approval;

public sealed class PlanApprovalsTests : IDisposable
{
    private static readonly string Hash = new('a', 64);
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RegisterAsync_UnknownPlan_IsPending()
    {
        PlanApprovals approvals = Open();

        await approvals.RegisterAsync(Hash, "My.Plan", "please", Token);

        PlanApproval approval = Assert.Single(await approvals.ListAsync(Token));
        Assert.Equal(
            (Hash, "My.Plan", PlanApprovalStatus.Pending, "please"), (approval.Sha256, approval.Name, approval.Status, approval.Note));
        Assert.Equal(_time.GetUtcNow(), approval.FirstSeen);
        Assert.Null(approval.Decided);
    }

    [Fact]
    public async Task ApproveAsync_ThroughAnotherInstance_IsSeenAtOnce()
    {
        PlanApprovals node = Open();
        await node.RegisterAsync(Hash, "My.Plan", "", Token);
        _time.Advance(TimeSpan.FromHours(1));

        await Open().ApproveAsync(Hash.ToUpperInvariant(), "read it", Token);

        PlanApproval? approval = await node.FindAsync(Hash, Token);
        Assert.Equal((PlanApprovalStatus.Approved, "My.Plan", "read it"), (approval!.Status, approval.Name, approval.Note));
        Assert.Equal(TimeSpan.FromHours(1), approval.Decided - approval.FirstSeen);
    }

    [Fact]
    public async Task RegisterAsync_RejectedPlanComesAgain_StaysRejected()
    {
        PlanApprovals approvals = Open();
        await approvals.RejectAsync(Hash, "no", Token);

        PlanApproval? known = await approvals.RegisterAsync(Hash, "Other.Name", "again", Token);

        Assert.Equal((PlanApprovalStatus.Rejected, "no"), (known!.Status, known.Note));
    }

    [Fact]
    public async Task RegisterAsync_TooManyPending_RegistersNoMore()
    {
        PlanApprovals approvals = Open();
        for (int index = 0; index < 256; index++)
        {
            await approvals.RegisterAsync(index.ToString("x64"), "p", "", Token);
        }

        PlanApproval? refused = await approvals.RegisterAsync(Hash, "p", "", Token);

        Assert.Null(refused);
        Assert.Equal(256, (await approvals.ListAsync(Token)).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("../../../../../../../../../../../../../../../../../../../../../../x")]
    public async Task ApproveAsync_NoHash_ThrowsArgumentException(string text)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Open().ApproveAsync(text, null, Token));
    }

    [Fact]
    public async Task FindAsync_FileOfAnotherPlan_ThrowsInsteadOfTrustingIt()
    {
        PlanApprovals approvals = Open();
        await approvals.ApproveAsync(Hash, null, Token);
        string other = new('b', 64);
        File.Copy(_folder.At($"approvals/{Hash}.json"), _folder.At($"approvals/{other}.json"));

        var exception = await Assert.ThrowsAsync<FedJobException>(() => approvals.FindAsync(other, Token));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, exception.Code);
    }

    private PlanApprovals Open() => PlanApprovals.Open(_folder.Path, _time);
}
