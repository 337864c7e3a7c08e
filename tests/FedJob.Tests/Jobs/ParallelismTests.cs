using FedJob.Abstractions;
using FedJob.Tests.Node;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Jobs;

/// <summary>The threads that combine updates: as many as the options say, of a new job and of a resumed one.</summary>
public sealed class ParallelismTests : IDisposable
{
    /// <summary>More than any default.</summary>
    private const int Many = 5;

    private readonly JobBench _bench = new();
    private readonly TemporaryFolder _folder = new();

    public ParallelismTests() =>
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, 10, file => file with { Parameters = Model() });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public async Task CreateAsync_FewerThreadsThanOne_RefusedBeforeAnyTraffic(int threads)
    {
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(Options(threads)));

        Assert.Contains($"JobOptions.MaxDegreeOfParallelism is {threads}; allowed: 1 and more", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Files.UploadNames);
        Assert.Empty(Directory.GetFileSystemEntries(_bench.WorkDirectory));
    }

    [Theory]
    [InlineData(0, false, false)]
    [InlineData(-1, true, false)]
    [InlineData(int.MinValue, false, true)]
    public async Task ResumeAsync_FewerThreadsThanOne_RefusedBeforeAnyTraffic(int threads, bool fromCheckpoint, bool asBranch)
    {
        string directory = await SaveAsync(fromCheckpoint);
        int uploads = _bench.Files.UploadNames.Count, requests = _bench.Sent.Count;
        _bench.Requests.Invocations.Clear();

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(
            () => ResumeAsync(directory, new ResumeOptions { MaxDegreeOfParallelism = threads, AsBranch = asBranch }));

        string expected = $"ResumeOptions.MaxDegreeOfParallelism is {threads}; allowed: 1 and more";
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Equal((uploads, requests), (_bench.Files.UploadNames.Count, _bench.Sent.Count));
        Assert.Empty(_bench.Requests.Invocations);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_000_001)]
    public async Task ResumeAsync_MetricCapacityOutOfBounds_RefusedUnderItsOwnName(int capacity)
    {
        string directory = await SaveAsync(fromCheckpoint: true);

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(
            () => ResumeAsync(directory, new ResumeOptions { MetricCapacity = capacity }));

        Assert.Contains($"ResumeOptions.MetricCapacity is {capacity}; allowed: 1 to 10,000,000", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Many)]
    public async Task RunRoundAsync_NewJob_CombinesOnSoManyThreads(int threads)
    {
        await using Job job = await _bench.CreateAsync(Options(threads));

        await MeetAsync(job, threads);
    }

    [Theory]
    [InlineData(1, false, false)]
    [InlineData(Many, false, false)]
    [InlineData(Many, false, true)]
    [InlineData(1, true, false)]
    [InlineData(Many, true, false)]
    public async Task RunRoundAsync_ResumedJob_CombinesOnSoManyThreads(int threads, bool fromCheckpoint, bool asBranch)
    {
        string directory = await SaveAsync(fromCheckpoint);

        await using Job job = await ResumeAsync(directory, new ResumeOptions { MaxDegreeOfParallelism = threads, AsBranch = asBranch });

        await MeetAsync(job, threads);
    }

    [Fact]
    public void MaxDegreeOfParallelism_Unset_SameForNewAndResumedJobs()
    {
        Assert.Equal(Math.Clamp(Environment.ProcessorCount, 1, 4), Options().MaxDegreeOfParallelism);
        Assert.Equal(Options().MaxDegreeOfParallelism, new ResumeOptions().MaxDegreeOfParallelism);
    }

    public void Dispose()
    {
        _bench.Dispose();
        _folder.Dispose();
    }

    /// <summary>As many tensors as threads are to meet, so that each combines one.</summary>
    private static ModelParameters Model() =>
        new(Enumerable.Range(0, Many).Select(i => KeyValuePair.Create($"layer{i}", ParameterTensor.FromArray([i + 1f]))));

    private static async Task MeetAsync(Job job, int threads)
    {
        var rule = new MeetingRule(threads);

        await job.RunRoundAsync(new() { Aggregator = rule }, JobBench.Token);

        Assert.Equal(threads, rule.Threads);
    }

    private JobOptions Options(int? threads = null)
    {
        JobOptions options = _bench.Options();
        options.TrainingPlan = new StoredPlanSource("a small plan"u8.ToArray(), ".zip", "Small.Plan");
        options.InitialParameters = Model();
        options.MaxDegreeOfParallelism = threads ?? options.MaxDegreeOfParallelism;
        return options;
    }

    /// <summary>A job after one round: its own directory, or a checkpoint of it.</summary>
    private async Task<string> SaveAsync(bool fromCheckpoint)
    {
        await using Job job = await _bench.CreateAsync(Options());
        await job.RunRoundAsync(new(), JobBench.Token);
        return fromCheckpoint
            ? await job.SaveCheckpointAsync(_folder.At("checkpoint"), cancellationToken: JobBench.Token)
            : _bench.WorkDirectory;
    }

    private Task<Job> ResumeAsync(string directory, ResumeOptions options)
    {
        options.RoundPolicy = _bench.Options().RoundPolicy;
        return Job.ResumeAsync(
            _bench.Requests.Object, _bench.Files, directory, options, NullLoggerFactory.Instance, _bench.Time, JobBench.Token);
    }
}
