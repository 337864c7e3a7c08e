using FedJob.Abstractions;
using FedJob.Metrics;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;

namespace FedJob.Tests.Jobs;

/// <summary>What a job knows and lets itself be changed between rounds.</summary>
public sealed class JobSurfaceTests : IDisposable
{
    private readonly JobBench _bench = new();

    [Fact]
    public async Task UpdateParametersAsync_FittingParameters_AreWhatTheNextRoundSends()
    {
        await using Job job = await _bench.CreateAsync();

        PublishedParameters published = await job.UpdateParametersAsync(new() { ["w"] = ParameterTensor.FromArray([8f, 9f]) }, JobBench.Token);
        await job.RunRoundAsync(new(), JobBench.Token);

        Assert.All(_bench.Sent, r => Assert.Equal(published.Url.AbsoluteUri, r.ParametersUrl));
        using ModelParameters sent = AggregatedParametersFile.Open(published.Path);
        Assert.Equal([8f, 9f], sent["w"].AsSpan<float>().ToArray());
    }

    [Fact]
    public async Task UpdateParametersAsync_TheSameBytes_AreNotUploadedAgain()
    {
        await using Job job = await _bench.CreateAsync();
        PublishedParameters first = await job.UpdateParametersAsync(new() { ["w"] = ParameterTensor.FromArray([8f, 9f]) }, JobBench.Token);
        int uploads = _bench.Files.UploadNames.Count;

        PublishedParameters again = await job.UpdateParametersAsync(new() { ["w"] = ParameterTensor.FromArray([8f, 9f]) }, JobBench.Token);

        Assert.Equal(first, again);
        Assert.Equal(uploads, _bench.Files.UploadNames.Count);
    }

    [Fact]
    public async Task UpdateParametersAsync_Null_TakesTheParametersOfTheResearchersOwnPlan()
    {
        await using Job job = await _bench.CreateAsync();
        string initial = job.ParametersPath;
        byte[] before = await File.ReadAllBytesAsync(initial, JobBench.Token);
        await job.RunRoundAsync(new(), JobBench.Token);

        PublishedParameters published = await job.UpdateParametersAsync(null, JobBench.Token);

        Assert.Equal(before, await File.ReadAllBytesAsync(published.Path, JobBench.Token));
    }

    [Fact]
    public async Task UpdateParametersFromFileAsync_ParametersOfAnEarlierRound_AreTheGlobalOnesAgain()
    {
        await using Job job = await _bench.CreateAsync();
        (string path, Uri url) = (job.ParametersPath, job.ParametersUrl);
        await job.RunRoundAsync(new(), JobBench.Token);

        PublishedParameters published = await job.UpdateParametersFromFileAsync(path, JobBench.Token);

        Assert.Equal(url, published.Url);
        Assert.Equal(url, job.ParametersUrl);
    }

    [Theory]
    [InlineData("v", 2, "'w'")]
    [InlineData("w", 3, "[2]")]
    public async Task UpdateParametersAsync_OtherNamesOrShapes_TypedAndTheJobUnchanged(string name, int length, string told)
    {
        await using Job job = await _bench.CreateAsync();
        string before = job.ParametersPath;

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => job.UpdateParametersAsync(new() { [name] = ParameterTensor.FromArray(new float[length]) }, JobBench.Token));

        Assert.Equal(FedJobErrorCode.ParametersMismatch, thrown.Code);
        Assert.Contains(told, thrown.Message, StringComparison.Ordinal);
        Assert.Equal(before, job.ParametersPath);
    }

    [Fact]
    public async Task UpdateParametersAsync_NaN_RefusedNamingTensorAndElement()
    {
        await using Job job = await _bench.CreateAsync();

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => job.UpdateParametersAsync(new() { ["w"] = ParameterTensor.FromArray([1f, float.NaN]) }, JobBench.Token));

        Assert.Contains("'w' holds NaN or infinity at element 1", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task Job_RoundIsRunning_ParametersAndDataCannotBeChanged()
    {
        Task asked = _bench.SilenceAsync(2);
        await using Job job = await _bench.CreateAsync();
        using var stop = new CancellationTokenSource();
        Task<RoundResult> round = job.RunRoundAsync(new(), stop.Token);
        await asked;

        await Assert.ThrowsAsync<InvalidOperationException>(() => job.UpdateParametersAsync(new() { ["w"] = ParameterTensor.FromArray([8f, 9f]) }, JobBench.Token));
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => job.Data = JobBench.Data(1));

        Assert.Contains("between rounds", thrown.Message, StringComparison.Ordinal);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => round);
    }

    [Fact]
    public async Task AwaitedNodes_WhileARoundRuns_AreThoseThatHaveNotReplied()
    {
        var release = new TaskCompletionSource();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int count = 0;
        _bench.Node = async (ticket, request) =>
        {
            if (Interlocked.Increment(ref count) == 2)
            {
                asked.SetResult();
            }

            await release.Task;
            return await _bench.TrainedAsync(ticket, request, 10, 1, 2);
        };
        await using Job job = await _bench.CreateAsync();
        Assert.Empty(job.AwaitedNodes);

        Task<RoundResult> round = job.RunRoundAsync(new(), JobBench.Token);
        await asked.Task;
        Assert.Equal(["node_1", "node_2"], job.AwaitedNodes);
        release.SetResult();
        await round;

        Assert.Empty(job.AwaitedNodes);
    }

    [Fact]
    [Trait("seed", "21")]
    public async Task Data_NodeLeavesAndComesBack_FindsItsStateAgain()
    {
        await using Job job = await _bench.CreateAsync();
        await job.RunRoundAsync(new(), JobBench.Token);
        string? state = job.NodeStates.GetLastState("node_2");

        job.Data = JobBench.Data(1);
        await job.RunRoundAsync(new(), JobBench.Token);
        job.Data = JobBench.Data(2);
        await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(["node_1", "node_1", "node_1", "node_2", "node_2"], job.History.SelectMany(r => r.Verdicts).Select(v => v.NodeId).Order(StringComparer.Ordinal));
        Assert.Equal(state, job.LastRequests["node_2"].StateId);
    }

    [Fact]
    public async Task History_TrainingAndValidation_HoldsTheRepliesOfEachRoundAndTheLastRequests()
    {
        await using Job job = await _bench.CreateAsync();

        RoundResult first = await job.RunRoundAsync(new(), JobBench.Token);
        RoundResult second = await job.RunRoundAsync(new() { Training = false }, JobBench.Token);

        Assert.Equal([first, second], job.History);
        Assert.All(first.Verdicts, v => Assert.True(v.StateId is not null && v.ParametersUrl is not null));
        Assert.All(job.LastRequests.Values, r => Assert.False(r.Training));
        Assert.Equal(["node_1", "node_2"], job.LastRequests.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("seed", "33")]
    public async Task Metrics_OfThisJobAndAnother_OnlyItsOwnAreKeptAndQueried()
    {
        await using Job job = await _bench.CreateAsync();
        _bench.Metrics.Publish(Metric(job.Id, "node_1", 0, "Loss", 0.5));
        _bench.Metrics.Publish(Metric("job_other", "node_1", 0, "Loss", 9));
        _bench.Metrics.Publish(Metric(job.Id, "node_2", 1, "ACCURACY", 0.75, test: true));

        NodeMetric[] streamed = await TakeAsync(job.Metrics, 2);

        Assert.Equal(["node_1", "node_2"], streamed.Select(m => m.NodeId));
        Assert.Equal(2, job.Metrics.Count);
        Assert.Equal(0.5, Assert.Single(job.Metrics.Query(nodeId: "node_1")).Message.Metrics["Loss"]);
        Assert.Equal("node_2", Assert.Single(job.Metrics.Query(round: 1)).NodeId);
        Assert.Equal("node_2", Assert.Single(job.Metrics.Query(name: "ACCURACY")).NodeId);
        Assert.Equal("node_2", Assert.Single(job.Metrics.Query(phase: MetricPhase.ValidationOnGlobalUpdates)).NodeId);
    }

    [Fact]
    public async Task Metrics_BeyondTheCapacity_OldestAreDroppedAndCounted()
    {
        JobOptions options = _bench.Options();
        options.MetricCapacity = 2;
        await using Job job = await _bench.CreateAsync(options);
        IAsyncEnumerator<NodeMetric> live = job.Metrics.ReadAllAsync(JobBench.Token).GetAsyncEnumerator(JobBench.Token);
        ValueTask<bool> next = live.MoveNextAsync();
        for (int i = 0; i < 3; i++)
        {
            _bench.Metrics.Publish(Metric(job.Id, "node_1", i, "Loss", i));
            Assert.True(await next);
            next = live.MoveNextAsync();
        }

        Assert.Equal([1, 2], job.Metrics.Query().Select(m => m.Round));
        Assert.Equal(1, job.Metrics.DroppedCount);
    }

    [Fact]
    public async Task Metrics_JobDisposed_StreamsEndAndWhatIsKeptStays()
    {
        Job job = await _bench.CreateAsync();
        _bench.Metrics.Publish(Metric(job.Id, "node_1", 0, "Loss", 0.5));
        await TakeAsync(job.Metrics, 1);
        Task<int> all = Task.Run(async () => await job.Metrics.ReadAllAsync(JobBench.Token).CountAsync(JobBench.Token), JobBench.Token);

        await job.DisposeAsync();

        Assert.InRange(await all, 0, 1);
        Assert.Equal(1, job.Metrics.Count);
    }

    public void Dispose() => _bench.Dispose();

    private static NodeMetric Metric(string job, string node, int round, string name, double value, bool test = false) => new(round, new MetricMessage
    {
        ResearcherId = "researcher_me",
        NodeId = node,
        JobId = job,
        Train = !test,
        Test = test,
        TestOnLocalUpdates = false,
        TestOnGlobalUpdates = test,
        Metrics = new Dictionary<string, double> { [name] = value },
        Epoch = null,
        TotalSamples = 10,
        BatchSamples = 10,
        BatchCount = 1,
        Iteration = 1,
    });

    private static async Task<NodeMetric[]> TakeAsync(MetricStore store, int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await store.ReadAllAsync(timeout.Token).Take(count).ToArrayAsync(timeout.Token);
    }
}
