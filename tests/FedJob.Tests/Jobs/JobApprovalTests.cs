using FedJob.Abstractions;
using FedJob.Messaging;
using Moq;

namespace FedJob.Tests.Jobs;

/// <summary>What a job does while not every node would run its plan.</summary>
public sealed class JobApprovalTests : IDisposable
{
    private readonly JobBench _bench = new();
    private readonly Queue<TrainingPlanApprovalStatus[]> _answers = new();

    public JobApprovalTests() => _bench.Requests
        .Setup(r => r.CheckTrainingPlanApprovalAsync(It.IsAny<string>(), It.IsAny<Uri>(), It.IsAny<IReadOnlyCollection<string>>(), It.IsAny<CancellationToken>()))
        .ReturnsAsync((string _, Uri _, IReadOnlyCollection<string>? nodes, CancellationToken _) =>
        {
            TrainingPlanApprovalStatus[] statuses = _answers.Count > 1 ? _answers.Dequeue() : _answers.Peek();
            return nodes!.Zip(statuses).ToDictionary(n => n.First, n => new TrainingPlanApproval(n.First, n.Second, "words"), StringComparer.Ordinal);
        });

    [Fact]
    public async Task EnsureTrainingPlanApprovedAsync_AllWouldRunIt_ReturnsAtOnce()
    {
        _answers.Enqueue([TrainingPlanApprovalStatus.Approved, TrainingPlanApprovalStatus.NotRequired]);
        await using Job job = await _bench.CreateAsync();

        IReadOnlyDictionary<string, TrainingPlanApproval> answers = await job.EnsureTrainingPlanApprovedAsync(cancellationToken: JobBench.Token);

        Assert.Equal(2, answers.Count);
        Assert.Equal(2, job.Nodes.Count);
    }

    [Theory]
    [InlineData(TrainingPlanApprovalStatus.Pending)]
    [InlineData(TrainingPlanApprovalStatus.Rejected)]
    [InlineData(TrainingPlanApprovalStatus.NotRegistered)]
    [InlineData(TrainingPlanApprovalStatus.NoAnswer)]
    [InlineData(TrainingPlanApprovalStatus.Error)]
    public async Task EnsureTrainingPlanApprovedAsync_FailAndOneWouldNot_ThrowsWithEveryAnswer(TrainingPlanApprovalStatus status)
    {
        _answers.Enqueue([TrainingPlanApprovalStatus.Approved, status]);
        await using Job job = await _bench.CreateAsync();

        TrainingPlanNotApprovedException thrown = await Assert.ThrowsAsync<TrainingPlanNotApprovedException>(
            () => job.EnsureTrainingPlanApprovedAsync(cancellationToken: JobBench.Token));

        Assert.Equal((FedJobErrorCode.TrainingPlanNotApproved, job.Id), (thrown.Code, thrown.JobId));
        Assert.Equal(["node_1", "node_2"], thrown.Answers.Keys);
        Assert.Contains($"node_2 {status}", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(job.TrainingPlanSha256, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureTrainingPlanApprovedAsync_WaitAndApprovedLater_AsksAgainUntilThen()
    {
        _answers.Enqueue([TrainingPlanApprovalStatus.Pending, TrainingPlanApprovalStatus.Approved]);
        _answers.Enqueue([TrainingPlanApprovalStatus.Approved, TrainingPlanApprovalStatus.Approved]);
        await using Job job = await _bench.CreateAsync();

        Task<IReadOnlyDictionary<string, TrainingPlanApproval>> ensured =
            job.EnsureTrainingPlanApprovedAsync(new ApprovalPolicy { WhenPartial = PartialApproval.Wait }, JobBench.Token);
        await _bench.Time.PassAsync(TimeSpan.FromMinutes(1));

        Assert.All((await ensured).Values, a => Assert.True(a.CanTrain));
    }

    [Fact]
    public async Task EnsureTrainingPlanApprovedAsync_WaitAndNeverApproved_EndsWithTheTimeout()
    {
        _answers.Enqueue([TrainingPlanApprovalStatus.Pending, TrainingPlanApprovalStatus.Approved]);
        await using Job job = await _bench.CreateAsync();
        var policy = new ApprovalPolicy { WhenPartial = PartialApproval.Wait, Timeout = TimeSpan.FromSeconds(90), CheckInterval = TimeSpan.FromSeconds(60) };

        Task ensured = job.EnsureTrainingPlanApprovedAsync(policy, JobBench.Token);
        await _bench.Time.PassAsync(TimeSpan.FromSeconds(60));
        await _bench.Time.PassAsync(TimeSpan.FromSeconds(30));

        await Assert.ThrowsAsync<TrainingPlanNotApprovedException>(() => ensured);
    }

    [Fact]
    public async Task EnsureTrainingPlanApprovedAsync_ContinueWithApproved_TheOthersLeaveTheJob()
    {
        _answers.Enqueue([TrainingPlanApprovalStatus.Rejected, TrainingPlanApprovalStatus.Approved]);
        await using Job job = await _bench.CreateAsync();

        await job.EnsureTrainingPlanApprovedAsync(new ApprovalPolicy { WhenPartial = PartialApproval.ContinueWithApproved }, JobBench.Token);
        await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(["node_2"], job.Nodes);
        Assert.Single(_bench.Sent);
    }

    [Fact]
    public async Task EnsureTrainingPlanApprovedAsync_ContinueWithApprovedAndNobodyIs_Throws()
    {
        _answers.Enqueue([TrainingPlanApprovalStatus.Rejected, TrainingPlanApprovalStatus.Pending]);
        await using Job job = await _bench.CreateAsync();

        await Assert.ThrowsAsync<TrainingPlanNotApprovedException>(
            () => job.EnsureTrainingPlanApprovedAsync(new ApprovalPolicy { WhenPartial = PartialApproval.ContinueWithApproved }, JobBench.Token));
        Assert.Equal(2, job.Nodes.Count);
    }

    [Theory]
    [InlineData(0, 1, "Timeout")]
    [InlineData(10, 0, "CheckInterval")]
    [InlineData(10, 11, "CheckInterval")]
    public async Task EnsureTrainingPlanApprovedAsync_ContradictingPolicy_RefusedBeforeAnybodyIsAsked(int timeout, int interval, string named)
    {
        await using Job job = await _bench.CreateAsync();
        var policy = new ApprovalPolicy { Timeout = TimeSpan.FromSeconds(timeout), CheckInterval = TimeSpan.FromSeconds(interval) };

        ArgumentException thrown = await Assert.ThrowsAsync<ArgumentException>(() => job.EnsureTrainingPlanApprovedAsync(policy, JobBench.Token));

        Assert.Contains(named, thrown.Message, StringComparison.Ordinal);
        _bench.Requests.Verify(
            r => r.CheckTrainingPlanApprovalAsync(It.IsAny<string>(), It.IsAny<Uri>(), It.IsAny<IReadOnlyCollection<string>>(), It.IsAny<CancellationToken>()), Times.Never);
    }

    public void Dispose() => _bench.Dispose();
}
