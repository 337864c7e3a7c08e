using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Jobs;

/// <summary>What no caller may ask of a job: refused with an argument error before anything is uploaded or sent.</summary>
[Trait("input", "15")]
public sealed class MisuseTests : IDisposable
{
    private static readonly Dictionary<string, Action<JobOptions>> Options = new(StringComparer.Ordinal)
    {
        ["no plan"] = o => o.TrainingPlan = null!,
        ["no data"] = o => o.Data = null!,
        ["no training args"] = o => o.TrainingArgs = null!,
        ["no model args"] = o => o.ModelArgs = null!,
        ["no aggregator"] = o => o.Aggregator = null!,
        ["no sampler"] = o => o.Sampler = null!,
        ["no policy"] = o => o.RoundPolicy = null!,
        ["no metrics kept"] = o => o.MetricCapacity = 0,
        ["no thread"] = o => o.MaxDegreeOfParallelism = 0,
        ["blank directory"] = o => o.WorkDirectory = "\t",
        ["no initial tensor"] = o => o.InitialParameters = [],
        ["epochs and updates"] = o => o.TrainingArgs = new() { Epochs = 1, UpdateCount = 1 },
        ["NaN rate in the optimizer's object"] = o => o.TrainingArgs = new() { Epochs = 1, OptimizerArgs = new() { ["lr"] = double.NaN } },
        ["infinity in the loader's object"] =
            o => o.TrainingArgs = new() { Epochs = 1, LoaderArgs = new() { ["a"] = double.NegativeInfinity } },
        ["batch size with a point"] = o => o.TrainingArgs = new() { Epochs = 1, LoaderArgs = new() { ["batch_size"] = 32.0 } },
        ["unknown metric"] = o => o.TrainingArgs = new() { Epochs = 1, TestMetric = (TestMetric)99 },
        ["NaN in the model's arguments"] = o => o.ModelArgs = new() { ["size"] = new JsonArray(1, float.NaN) },
        ["zero deadline"] = o => o.RoundPolicy = new() { Deadline = TimeSpan.Zero },
        ["negative deadline"] = o => o.RoundPolicy = new() { Deadline = TimeSpan.FromSeconds(-1) },
        ["endless deadline"] = o => o.RoundPolicy = new() { Deadline = Timeout.InfiniteTimeSpan },
        ["negative grace"] = o => o.RoundPolicy = new() { Grace = TimeSpan.FromTicks(-1) },
        ["negative ping interval"] = o => o.RoundPolicy = new() { PingInterval = TimeSpan.FromSeconds(-1) },
        ["negative download grace"] = o => o.RoundPolicy = new() { DownloadGrace = TimeSpan.FromSeconds(-1) },
        ["no patience"] = o => o.RoundPolicy = new() { Patience = 0 },
        ["no download at a time"] = o => o.RoundPolicy = new() { DownloadParallelism = 0 },
        ["quorum above the nodes"] = o => o.RoundPolicy = new() { MinimumReplies = Quorum.Count(3) },
    };

    private static readonly Dictionary<string, RoundRequest> Requests = new(StringComparer.Ordinal)
    {
        ["no arguments"] = new() { AggregatorArguments = null! },
        ["no shared arguments"] = new() { AggregatorArguments = new() { Shared = null! } },
        ["no arguments per node"] = new() { AggregatorArguments = new() { PerNode = null! } },
        ["null arguments of a node"] = new() { AggregatorArguments = new() { PerNode = Of<NodeArguments>("node_1", null!) } },
        ["null values"] = new() { AggregatorArguments = new() { Shared = new() { Values = null! } } },
        ["null file"] = new() { AggregatorArguments = new() { Shared = new() { Files = Of<ModelParameters>("correction", null!) } } },
        ["arguments of a stranger"] = new() { AggregatorArguments = new() { PerNode = Of("node_9", new NodeArguments()) } },
        ["no variables"] = new() { AuxiliaryVariables = null! },
        ["no shared variables"] = new() { AuxiliaryVariables = new() { Shared = null! } },
        ["no variables per node"] = new() { AuxiliaryVariables = new() { PerNode = null! } },
        ["null variables of a module"] = new() { AuxiliaryVariables = new() { Shared = Of<ParameterMap>("scaffold", null!) } },
        ["negative deadline"] = new() { Policy = new() { Deadline = TimeSpan.FromSeconds(-1) } },
        ["quorum above the nodes"] = new() { Policy = new() { MinimumReplies = Quorum.Count(3) } },
    };

    private readonly JobBench _bench = new();

    public static TheoryData<string> WrongOptions => [.. Options.Keys];

    public static TheoryData<string> WrongRequests => [.. Requests.Keys];

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task CreateAsync_WrongOption_RefusedBeforeAnyTraffic(string what)
    {
        JobOptions options = _bench.Options();
        Options[what](options);

        await Assert.ThrowsAnyAsync<ArgumentException>(() => _bench.CreateAsync(options));

        Assert.Empty(_bench.Files.UploadNames);
        Assert.Empty(Directory.GetFileSystemEntries(_bench.WorkDirectory));
    }

    [Theory]
    [MemberData(nameof(WrongRequests))]
    public async Task RunRoundAsync_WrongRequest_RefusedBeforeAnyTraffic(string what)
    {
        await using Job job = await _bench.CreateAsync();
        int uploads = _bench.Files.UploadNames.Count;

        await Assert.ThrowsAnyAsync<ArgumentException>(() => job.RunRoundAsync(Requests[what], JobBench.Token));

        Assert.Equal(uploads, _bench.Files.UploadNames.Count);
        Assert.Empty(_bench.Sent);
        Assert.Equal(RoundOutcome.Completed, (await job.RunRoundAsync(new(), JobBench.Token)).Outcome);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public async Task RunAsync_NoRound_Refused(int rounds)
    {
        await using Job job = await _bench.CreateAsync();

        Assert.Throws<ArgumentOutOfRangeException>(() => job.RunAsync(rounds, cancellationToken: JobBench.Token));
    }

    [Fact]
    public async Task TrainingArgs_ThatANodeWouldRefuse_RefusedWhenSetAndTheOldOnesStay()
    {
        await using Job job = await _bench.CreateAsync();
        TrainingArgs before = job.TrainingArgs;

        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => job.TrainingArgs = new() { Epochs = 1, OptimizerArgs = new() { ["lr"] = double.NaN } });

        Assert.Contains("optimizer_args.lr", refusal.Message, StringComparison.Ordinal);
        Assert.Same(before, job.TrainingArgs);
    }

    [Fact]
    public async Task Data_NullOrEmpty_Refused()
    {
        await using Job job = await _bench.CreateAsync();

        Assert.Throws<ArgumentNullException>(() => job.Data = null!);
        Assert.Throws<ArgumentException>(() => job.Data = new FederatedDataset(Of<DatasetEntry>()));
        Assert.Throws<ArgumentException>(() => job.Data = job.Data.Only());
        Assert.Equal(2, job.Nodes.Count);
    }

    [Fact]
    public async Task UpdateParameters_NothingInIt_Refused()
    {
        await using Job job = await _bench.CreateAsync();
        int uploads = _bench.Files.UploadNames.Count;

        await Assert.ThrowsAnyAsync<ArgumentException>(() => job.UpdateParametersFromFileAsync(null!, JobBench.Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => job.UpdateParametersFromFileAsync(" ", JobBench.Token));
        await Assert.ThrowsAsync<FedJobException>(() => job.UpdateParametersAsync([], JobBench.Token));
        Assert.Equal(uploads, _bench.Files.UploadNames.Count);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public async Task Checkpoints_NoDirectory_Refused(string? directory)
    {
        await using Job job = await _bench.CreateAsync();

        await Assert.ThrowsAnyAsync<ArgumentException>(() => job.SaveCheckpointAsync(directory!, cancellationToken: JobBench.Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(
            () => Job.ResumeAsync(
                _bench.Requests.Object, _bench.Files, directory!, null, NullLoggerFactory.Instance, _bench.Time, JobBench.Token));
    }

    [Fact]
    public async Task EveryCall_AfterDisposal_IsRefusedBeforeAnyTraffic()
    {
        Job job = await _bench.CreateAsync();
        await job.DisposeAsync();
        int uploads = _bench.Files.UploadNames.Count;
        Func<Task>[] calls =
        [
            () => job.RunRoundAsync(new(), JobBench.Token),
            () => job.UpdateParametersAsync(null, JobBench.Token),
            () => job.UpdateParametersFromFileAsync("x.mpk", JobBench.Token),
            () => job.CheckTrainingPlanApprovalAsync(JobBench.Token),
            () => job.RequestTrainingPlanApprovalAsync("what it does", JobBench.Token),
            () => job.EnsureTrainingPlanApprovedAsync(cancellationToken: JobBench.Token),
            () => job.SaveCheckpointAsync(Path.Combine(_bench.WorkDirectory, "checkpoint"), cancellationToken: JobBench.Token),
        ];
        Action[] more =
        [
            () => job.RunAsync(1, cancellationToken: JobBench.Token),
            () => job.OpenParameters(),
            () => job.OpenAuxiliaryVariables(),
            () => job.Data = JobBench.Data(1),
            () => job.TrainingArgs = new() { Epochs = 1 },
            () => _ = job.TrainingPlan,
        ];

        foreach (Func<Task> call in calls)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(call);
        }

        Assert.All(more, call => Assert.Throws<ObjectDisposedException>(call));
        Assert.Equal(uploads, _bench.Files.UploadNames.Count);
        Assert.Empty(_bench.Sent);
    }

    public void Dispose() => _bench.Dispose();

    private static Dictionary<string, T> Of<T>(string key, T value) => new() { [key] = value };

    private static Dictionary<string, T> Of<T>() => [];
}
