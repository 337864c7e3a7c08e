using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using FedJob.Tests.Jobs;
using Moq;

namespace FedJob.Tests.Rounds;

/// <summary>Whole rounds, seen from the job.</summary>
public sealed class RoundRunnerTests : IDisposable
{
    private readonly JobBench _bench = new();

    [Fact]
    public async Task RunRoundAsync_AllSucceed_ParametersStatesAndRoundMoveOn()
    {
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, ticket.NodeId == "node_1" ? 10 : 30, ticket.NodeId == "node_1" ? [4, 8] : [8, 0]);
        await using Job job = await _bench.CreateAsync();
        Uri before = job.ParametersUrl;

        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal((0, RoundOutcome.Completed, 40), (result.Round, result.Outcome, result.SampleCount));
        Assert.Equal(1, job.Round);
        Assert.NotEqual(before, job.ParametersUrl);
        Assert.Equal(result.ParametersPath, job.ParametersPath);
        using ModelParameters parameters = job.OpenParameters();
        Assert.Equal([7f, 2f], parameters["w"].AsSpan<float>().ToArray());
        Assert.Equal("state_0_node_1", job.NodeStates.GetLastState("node_1"));
        Assert.Equal(0, _bench.OpenWindows);
        AssertNoNodeFiles();
    }

    [Fact]
    public async Task RunRoundAsync_SecondRound_SendsTheNewParametersAndStates()
    {
        await using Job job = await _bench.CreateAsync();
        await job.RunRoundAsync(new(), JobBench.Token);
        Uri after = job.ParametersUrl;

        await job.RunRoundAsync(new(), JobBench.Token);

        TrainRequest[] second = [.. _bench.Sent.Where(r => r.Round == 1)];
        Assert.Equal(2, second.Length);
        Assert.All(second, r => Assert.Equal(after.AbsoluteUri, r.ParametersUrl));
        Assert.Equal(["state_0_node_1", "state_0_node_2"], second.Select(r => r.StateId).Order(StringComparer.Ordinal));
        Assert.All(_bench.Sent.Where(r => r.Round == 0), r => Assert.Null(r.StateId));
    }

    [Fact]
    public async Task RunRoundAsync_Events_ComeInTheOrderOfTheSteps()
    {
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 1));
        Subscription<RoundEvent> events = job.SubscribeToEvents();

        await job.RunRoundAsync(new(), JobBench.Token);
        events.Dispose();

        Assert.Equal(
            [
                RoundEventKind.Started, RoundEventKind.Sent, RoundEventKind.Acknowledged, RoundEventKind.Replied, RoundEventKind.Downloading,
                RoundEventKind.Downloaded, RoundEventKind.Verdict, RoundEventKind.Aggregating, RoundEventKind.Ended,
            ],
            (await ReadAsync(events)).Select(e => e.Kind));
    }

    [Fact]
    [Trait("seed", "9")]
    public async Task RunRoundAsync_QuorumMissed_FailsWithEveryVerdictAndChangesNothing()
    {
        _bench.Node = (ticket, request) => ticket.NodeId == "node_1" ? _bench.TrainedAsync(ticket, request, 10, 1, 1) : Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "no GPU"));
        await using Job job = await _bench.CreateAsync();
        using Subscription<RoundEvent> events = job.SubscribeToEvents();

        RoundFailedException failed = await AssertUnchangedAsync<RoundFailedException>(job, new());

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.TrainingFailed], failed.Verdicts.Select(v => v.Kind));
        Assert.Contains("needs 2 of 2", failed.Message, StringComparison.Ordinal);
        Assert.Contains("node_2 TrainingFailed: no GPU", failed.Message, StringComparison.Ordinal);
        Assert.Equal((job.Id, 0), (failed.JobId, failed.Round));
        events.Dispose();
        List<RoundEvent> seen = await ReadAsync(events);
        Assert.Equal(RoundEventKind.Failed, seen[^1].Kind);
        Assert.DoesNotContain(seen, e => e.Kind == RoundEventKind.Ended);
    }

    [Fact]
    public async Task RunRoundAsync_OneFailsButTheQuorumIsThere_IsDegraded()
    {
        _bench.Node = (ticket, request) => ticket.NodeId == "node_1" ? _bench.TrainedAsync(ticket, request, 10, 1, 1) : Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "no GPU"));
        await using Job job = await _bench.CreateAsync();

        RoundResult result = await job.RunRoundAsync(new() { Policy = new() { MinimumReplies = Quorum.Count(1), Grace = TimeSpan.FromMinutes(1) } }, JobBench.Token);

        Assert.Equal(RoundOutcome.Degraded, result.Outcome);
        Assert.Null(job.NodeStates.GetLastState("node_2"));
    }

    [Fact]
    public async Task RunRoundAsync_NobodyListens_IsLostAtOnce()
    {
        _bench.Publish = ticket => ticket.NodeId == "node_2" ? PublishOutcome.NoSubscribers : PublishOutcome.Accepted;
        await using Job job = await _bench.CreateAsync();

        RoundFailedException failed = await AssertUnchangedAsync<RoundFailedException>(job, new());

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Lost], failed.Verdicts.Select(v => v.Kind));
    }

    [Fact]
    public async Task RunRoundAsync_Cancelled_ChangesNothing()
    {
        Task asked = _bench.SilenceAsync(2);
        await using Job job = await _bench.CreateAsync();
        using var cancel = new CancellationTokenSource();
        Task<RoundResult> round = job.RunRoundAsync(new(), cancel.Token);
        await asked;

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => round);
        Assert.Equal(0, job.Round);
        Assert.Equal(0, _bench.OpenWindows);
        AssertNoNodeFiles();
    }

    [Fact]
    public async Task RunRoundAsync_UploadFails_LeavesNoFileAndTheJobAsItWas()
    {
        await using Job job = await _bench.CreateAsync();
        string[] files = Directory.GetFiles(_bench.WorkDirectory);
        _bench.Files.UploadFailure = new RepositoryException(FedJobErrorCode.RepositoryUnreachable, "no repository");

        await AssertUnchangedAsync<RepositoryException>(job, new());

        Assert.Equal(JobFiles(files), JobFiles(Directory.GetFiles(_bench.WorkDirectory)));
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task RunRoundAsync_SamplerThrows_IsWrapped()
    {
        await using Job job = await _bench.CreateAsync();
        var thrown = new NotSupportedException("odd");

        FedJobException wrapped = await AssertUnchangedAsync<FedJobException>(job, new() { Sampler = Sampler(() => throw thrown) });

        Assert.Equal(FedJobErrorCode.ExtensionFailed, wrapped.Code);
        Assert.Same(thrown, wrapped.InnerException);
        Assert.Empty(_bench.Sent);
    }

    [Theory]
    [Trait("fault", "15")]
    [InlineData("chose no node")]
    [InlineData("'node_9'", "node_1", "node_9")]
    [InlineData("twice", "node_1", "node_1")]
    [InlineData("no node of the job", "node_1", null)]
    public async Task RunRoundAsync_SamplerChoosesBadly_IsRefusedBeforeAnythingIsSent(string expected, params string?[] chosen)
    {
        await using Job job = await _bench.CreateAsync();

        FedJobException refused = await AssertUnchangedAsync<FedJobException>(job, new() { Sampler = Sampler(() => chosen!) });

        Assert.Equal(FedJobErrorCode.ExtensionFailed, refused.Code);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Sent);
    }

    [Fact]
    public async Task RunRoundAsync_SamplerReturnsNull_IsRefused()
    {
        await using Job job = await _bench.CreateAsync();

        FedJobException refused = await AssertUnchangedAsync<FedJobException>(job, new() { Sampler = Sampler(() => null!) });

        Assert.Contains("chose no node", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunRoundAsync_SamplerChoosesSome_OnlyTheyAreAsked()
    {
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 3));

        RoundResult result = await job.RunRoundAsync(new() { Sampler = Sampler(() => ["node_3", "node_1"]) }, JobBench.Token);

        Assert.Equal(["node_1", "node_3"], result.Verdicts.Select(v => v.NodeId));
        Assert.Equal(2, _bench.Sent.Count);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task RunRoundAsync_AggregatorThrows_IsWrappedEvenIfItsOwnCancellation()
    {
        await using Job job = await _bench.CreateAsync();
        foreach (Exception thrown in new Exception[] { new NotSupportedException("odd"), new OperationCanceledException("its own") })
        {
            FedJobException wrapped = await AssertUnchangedAsync<FedJobException>(job, new() { Aggregator = Aggregator(thrown) });

            Assert.Equal(FedJobErrorCode.ExtensionFailed, wrapped.Code);
            Assert.Same(thrown, wrapped.InnerException);
        }
    }

    [Fact]
    public async Task RunRoundAsync_AggregatorRefuses_PassesItsOwnException()
    {
        await using Job job = await _bench.CreateAsync();
        var refusal = new AggregationException("three nodes are needed");

        Assert.Same(refusal, await AssertUnchangedAsync<AggregationException>(job, new() { Aggregator = Aggregator(refusal) }));
    }

    [Fact]
    public async Task RunRoundAsync_ValidationOnly_ChangesNothing()
    {
        _bench.Node = async (ticket, request) => (TrainReply)(await _bench.TrainedAsync(ticket, request, 1, 0, 0))! with
        {
            ParametersUrl = string.Empty,
            SampleCount = null,
            StateId = null,
        };
        await using Job job = await _bench.CreateAsync();
        string path = job.ParametersPath;

        RoundResult result = await job.RunRoundAsync(new() { Training = false }, JobBench.Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal((path, 0), (job.ParametersPath, job.Round));
        Assert.All(_bench.Sent, r => Assert.False(r.Training));
    }

    [Fact]
    public async Task RunRoundAsync_NodeLostItsState_IsAskedWithoutOneNextTime()
    {
        await using Job job = await _bench.CreateAsync();
        await job.RunRoundAsync(new(), JobBench.Token);
        _bench.Node = (ticket, request) => ticket.NodeId == "node_1"
            ? Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "Can't read previous node state."))
            : _bench.TrainedAsync(ticket, request, 10, 1, 1);
        await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new(), JobBench.Token));

        Assert.Null(job.NodeStates.GetLastState("node_1"));
        Assert.Equal("state_0_node_2", job.NodeStates.GetLastState("node_2"));
    }

    public void Dispose() => _bench.Dispose();

    private static INodeSampler Sampler(Func<IReadOnlyList<string>> choose)
    {
        var sampler = new Mock<INodeSampler>();
        sampler.Setup(s => s.Sample(It.IsAny<SamplingContext>())).Returns(choose);
        return sampler.Object;
    }

    private static IAggregator Aggregator(Exception thrown)
    {
        var aggregator = new Mock<IAggregator>();
        aggregator.SetupGet(a => a.Name).Returns("Odd");
        aggregator.Setup(a => a.BeginRound(It.IsAny<AggregationContext>())).Throws(thrown);
        return aggregator.Object;
    }

    private static async Task<List<RoundEvent>> ReadAsync(Subscription<RoundEvent> events)
    {
        List<RoundEvent> items = [];
        await foreach (RoundEvent item in events.ReadAllAsync(JobBench.Token))
        {
            items.Add(item);
        }

        return items;
    }

    private async Task<T> AssertUnchangedAsync<T>(Job job, RoundRequest request)
        where T : Exception
    {
        (int Round, string Path, Uri Url, int States) before = (job.Round, job.ParametersPath, job.ParametersUrl, job.NodeStates.States.Count);
        T thrown = await Assert.ThrowsAsync<T>(() => job.RunRoundAsync(request, JobBench.Token));
        Assert.Equal(before, (job.Round, job.ParametersPath, job.ParametersUrl, job.NodeStates.States.Count));
        Assert.Equal(0, _bench.OpenWindows);
        return thrown;
    }

    /// <summary>The files of a job beside its journal.</summary>
    private static IEnumerable<string> JobFiles(IEnumerable<string> files) => files.Where(f => !Path.GetFileName(f).StartsWith("jo", StringComparison.Ordinal)).Order();

    private void AssertNoNodeFiles() => Assert.Empty(Directory.GetDirectories(_bench.WorkDirectory));
}
