using FedJob.Abstractions;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using FedJob.Rounds;

namespace FedJob.Tests.Jobs;

public sealed class JobTests : IDisposable
{
    private readonly JobBench _bench = new();

    [Fact]
    public async Task CreateAsync_PlanAndParameters_AreUploaded()
    {
        await using Job job = await _bench.CreateAsync();

        Assert.Equal(2, _bench.Files.UploadNames.Count);
        Assert.Equal(typeof(MeanPlan).FullName, job.TrainingPlanName);
        Assert.Equal(64, job.TrainingPlanSha256.Length);
        Assert.True(File.Exists(job.TrainingPlanFile));
        using ModelParameters parameters = job.OpenParameters();
        Assert.Equal([5f, 1f], parameters["w"].AsSpan<float>().ToArray());
        Assert.Equal((0, 2), (job.Round, job.Nodes.Count));
    }

    [Fact]
    public async Task CreateAsync_InitialParameters_AreUsedOrRefused()
    {
        JobOptions options = _bench.Options();
        options.InitialParameters = new() { ["w"] = ParameterTensor.FromArray(new[] { 8f, 9f }) };
        await using Job job = await _bench.CreateAsync(options);
        using ModelParameters parameters = job.OpenParameters();
        options.WorkDirectory = null;
        Assert.Equal([8f, 9f], parameters["w"].AsSpan<float>().ToArray());

        options.InitialParameters = new() { ["v"] = ParameterTensor.FromArray(new[] { 8f, 9f }) };
        Assert.Equal(FedJobErrorCode.ParametersMismatch, (await Assert.ThrowsAsync<TrainingPlanException>(() => _bench.CreateAsync(options))).Code);
        options.InitialParameters = [];
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(options));
    }

    [Fact]
    [Trait("seed", "10")]
    public async Task CreateAsync_OptionsChangeMeanwhile_TheCopyCounts()
    {
        JobOptions options = _bench.Options();
        options.ModelArgs = new() { ["a"] = 1 };
        await using Job job = await _bench.CreateAsync(options);
        options.ModelArgs["a"] = 2;
        options.TrainingArgs = new TrainingArgs { Epochs = 9 };

        await job.RunRoundAsync(new(), JobBench.Token);

        Assert.All(_bench.Sent, r => Assert.Equal((1, 1), ((int)r.ModelArgs["a"]!, r.TrainingArgs.Epochs)));
    }

    [Fact]
    public async Task CreateAsync_UploadFails_LeavesNoFile()
    {
        _bench.Files.UploadFailure = new RepositoryException(FedJobErrorCode.RepositoryUnreachable, "no repository");

        await Assert.ThrowsAsync<RepositoryException>(() => _bench.CreateAsync());

        Assert.Empty(Directory.GetFileSystemEntries(_bench.WorkDirectory));
    }

    [Fact]
    [Trait("input", "15")]
    public async Task CreateAsync_WrongOptions_AreRefusedBeforeAnyTraffic()
    {
        JobOptions options = _bench.Options();
        options.RoundPolicy = new() { MinimumReplies = Quorum.Count(3) };
        Assert.Contains("MinimumReplies is 3", (await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(options))).Message, StringComparison.Ordinal);
        options = _bench.Options();
        options.WorkDirectory = " ";
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(options));
        options = _bench.Options();
        options.TrainingArgs = new() { Epochs = 1, UpdateCount = 2 };
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(options));
        options = _bench.Options();
        options.Data = null!;
        await Assert.ThrowsAsync<ArgumentNullException>(() => _bench.CreateAsync(options));

        Assert.Empty(_bench.Files.UploadNames);
    }

    [Fact]
    public async Task CreateAsync_DirectoryCannotBeMade_IsTyped()
    {
        JobOptions options = _bench.Options();
        options.WorkDirectory = Path.Combine(_bench.WorkDirectory, "file", "below");
        await File.WriteAllTextAsync(Path.Combine(_bench.WorkDirectory, "file"), "x", JobBench.Token);

        Assert.Equal(FedJobErrorCode.LocalFileFailed, (await Assert.ThrowsAsync<FedJobException>(() => _bench.CreateAsync(options))).Code);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task RunRoundAsync_WhileOneRuns_IsRefused()
    {
        Task asked = _bench.SilenceAsync(2);
        await using Job job = await _bench.CreateAsync();
        using var cancel = new CancellationTokenSource();
        Task<RoundResult> running = job.RunRoundAsync(new(), cancel.Token);
        await asked;

        await Assert.ThrowsAsync<InvalidOperationException>(() => job.RunRoundAsync(new(), JobBench.Token));

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(2, _bench.Sent.Count);
    }

    [Fact]
    public async Task DisposeAsync_WhileARoundRuns_EndsItAndTellsWhy()
    {
        Task asked = _bench.SilenceAsync(2);
        Job job = await _bench.CreateAsync(_bench.Options(temporary: true));
        string directory = Path.GetDirectoryName(job.ParametersPath)!;
        Task<RoundResult> running = job.RunRoundAsync(new(), JobBench.Token);
        await asked;

        await job.DisposeAsync();

        Assert.True(running.IsCompleted);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        Assert.False(Directory.Exists(directory));
        Assert.Equal(0, _bench.OpenWindows);
    }

    [Fact]
    public async Task DisposeAsync_TemporaryDirectory_IsRemovedAndANamedOneKept()
    {
        Job temporary = await _bench.CreateAsync(_bench.Options(temporary: true));
        string directory = Path.GetDirectoryName(temporary.ParametersPath)!;
        Job named = await _bench.CreateAsync();

        await temporary.DisposeAsync();
        await temporary.DisposeAsync();
        await named.DisposeAsync();

        Assert.False(Directory.Exists(directory));
        Assert.True(File.Exists(named.ParametersPath));
    }

    [Fact]
    [Trait("input", "15")]
    public async Task AnyCall_AfterDisposal_IsRefused()
    {
        Job job = await _bench.CreateAsync();
        await job.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await job.RunRoundAsync(new(), JobBench.Token));
        Assert.Throws<ObjectDisposedException>(() => job.RunAsync(1, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Throws<ObjectDisposedException>(() => job.OpenParameters());
        Assert.Throws<ObjectDisposedException>(() => job.TrainingPlan);
    }

    [Fact]
    public async Task TrainingArgs_Set_AreValidatedAndUsedNextRound()
    {
        await using Job job = await _bench.CreateAsync();
        Assert.Throws<ArgumentException>(() => job.TrainingArgs = new() { Epochs = 1, UpdateCount = 1 });
        Assert.Throws<ArgumentNullException>(() => job.TrainingArgs = null!);
        job.TrainingArgs = new() { UpdateCount = 7 };

        await job.RunRoundAsync(new(), JobBench.Token);

        Assert.All(_bench.Sent, r => Assert.Equal(7, r.TrainingArgs.UpdateCount));
    }

    [Fact]
    [Trait("input", "15")]
    public async Task RunRoundAsync_NothingToTrain_IsRefusedBeforeAnythingIsSent()
    {
        await using Job job = await _bench.CreateAsync();
        job.TrainingArgs = new();

        await Assert.ThrowsAsync<ArgumentException>(async () => await job.RunRoundAsync(new(), JobBench.Token));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await job.RunRoundAsync(null!, JobBench.Token));
        Assert.Empty(_bench.Sent);
    }

    [Fact]
    public async Task RunAsync_ThreeRounds_ReturnsEachAndLeavingEarlyStopsThere()
    {
        await using Job job = await _bench.CreateAsync();
        Assert.Throws<ArgumentOutOfRangeException>(() => job.RunAsync(0, cancellationToken: TestContext.Current.CancellationToken));

        List<int> rounds = [];
        await foreach (RoundResult round in job.RunAsync(5, cancellationToken: JobBench.Token))
        {
            rounds.Add(round.Round);
            if (round.Round == 2)
            {
                break;
            }
        }

        Assert.Equal([0, 1, 2], rounds);
        Assert.Equal(3, job.Round);
    }

    public void Dispose() => _bench.Dispose();
}
