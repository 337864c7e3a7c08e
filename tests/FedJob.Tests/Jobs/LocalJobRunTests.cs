using FedJob.Abstractions;
using FedJob.TrainingPlans;

namespace FedJob.Tests.Jobs;

/// <summary>A local training while it runs: what it reports, how it is ended, and what may not happen beside it.</summary>
public sealed class LocalJobRunTests
{
    private static readonly TabularDataset Table = new("t", [DatasetColumn.FromNumbers("x", [1, 2, 3, 4])]);

    /// <summary>Nobody waits that long when all is well.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly StepPlan _plan = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("seed", "34")]
    public async Task TrainAsync_PlanReports_ProgressAndResultHoldTheMetrics()
    {
        var told = new Told();
        LocalJobOptions options = Options();
        options.Progress = told;
        await using LocalJob job = await LocalJob.CreateAsync(options, cancellationToken: Token);

        LocalJobResult result = await job.TrainAsync(Token);

        Assert.Equal([0.5, 0.25], result.Metrics.Select(m => m.Metrics["Loss"]));
        Assert.Equal(result.Metrics, told.Reports);
        Assert.Equal(4, result.Training.SampleCount);
        Assert.Equal(9f, result.Parameters["w"].AsSpan<float>()[0]);
    }

    [Fact]
    [Trait("fault", "15")]
    [Trait("seed", "34")]
    public async Task TrainAsync_ProgressThrowsAndThePlanSwallowsIt_IsTypedAllTheSame()
    {
        var own = new NotSupportedException("full");
        LocalJobOptions options = Options();
        options.Progress = new Told { Throws = own };
        _plan.SwallowsProgress = true;
        await using LocalJob job = await LocalJob.CreateAsync(options, cancellationToken: Token);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => job.TrainAsync(Token));

        Assert.Equal(FedJobErrorCode.ExtensionFailed, thrown.Code);
        Assert.Same(own, thrown.InnerException);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task TrainAsync_WhileOneRuns_IsRefusedAndTheFirstGoesOn()
    {
        _plan.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LocalJob job = await LocalJob.CreateAsync(Options(), cancellationToken: Token);
        Task<LocalJobResult> first = job.TrainAsync(Token);
        await _plan.Begun.Task;

        InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => job.TrainAsync(Token).WaitAsync(Patience, Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => job.EvaluateAsync(cancellationToken: Token).WaitAsync(Patience, Token));
        _plan.Gate.SetResult();

        Assert.Contains("running already", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(4, (await first).Training.SampleCount);
        Assert.Equal(1, _plan.Trainings);
    }

    [Fact]
    public async Task TrainAsync_Cancelled_EndsAndTheJobCanTrainAgain()
    {
        _plan.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LocalJob job = await LocalJob.CreateAsync(Options(), cancellationToken: Token);
        using var stop = new CancellationTokenSource();
        Task<LocalJobResult> training = job.TrainAsync(stop.Token);
        await _plan.Begun.Task;

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => training);
        _plan.Gate = null;
        Assert.Equal(4, (await job.TrainAsync(Token)).Training.SampleCount);
    }

    [Fact]
    public async Task DisposeAsync_WhileItTrains_EndsItAndTellsWhy()
    {
        _plan.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LocalJob job = await LocalJob.CreateAsync(Options(), cancellationToken: Token);
        Task<LocalJobResult> training = job.TrainAsync(Token);
        await _plan.Begun.Task;

        await job.DisposeAsync();

        Assert.True(training.IsCompleted);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => training);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [Trait("input", "15")]
    public async Task CreateAsync_SamplesTheDataDoesNotHold_RefusedBeforeThePlanRuns(int sample)
    {
        LocalJobOptions options = Options();
        options.Samples = [0, sample];

        ArgumentException refusal = await Assert.ThrowsAsync<ArgumentException>(
            () => LocalJob.CreateAsync(options, cancellationToken: Token));

        Assert.Contains($"names sample {sample}", refusal.Message, StringComparison.Ordinal);
        Assert.False(_plan.Initialized);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task CreateAsync_MissingOrEmptyValues_RefusedBeforeThePlanRuns()
    {
        Action<LocalJobOptions>[] wrong =
        [
            o => o.TrainingPlan = null!,
            o => o.Dataset = null!,
            o => o.TrainingArgs = null!,
            o => o.ModelArgs = null!,
            o => o.Samples = [],
            o => o.InitialParameters = [],
            o => o.TrainingArgs = new() { Epochs = 1, UpdateCount = 1 },
        ];
        foreach (Action<LocalJobOptions> spoil in wrong)
        {
            LocalJobOptions options = Options();
            spoil(options);
            await Assert.ThrowsAnyAsync<ArgumentException>(() => LocalJob.CreateAsync(options, cancellationToken: Token));
        }

        await Assert.ThrowsAsync<ArgumentNullException>(() => LocalJob.CreateAsync(null!, cancellationToken: Token));
        Assert.False(_plan.Initialized);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task TrainAsync_NothingToTrainOrBadSamples_RefusedBeforeThePlanRuns()
    {
        LocalJobOptions options = Options();
        options.TrainingArgs = new();
        await using LocalJob job = await LocalJob.CreateAsync(options, cancellationToken: Token);

        await Assert.ThrowsAsync<ArgumentException>(() => job.TrainAsync(Token));
        await Assert.ThrowsAsync<ArgumentException>(() => job.EvaluateAsync(samples: [], cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(() => job.EvaluateAsync(samples: [9], cancellationToken: Token));
        Assert.Equal(0, _plan.Trainings);
    }

    private LocalJobOptions Options() => new()
    {
        TrainingPlan = TrainingPlanSource.FromInstance(_plan),
        Dataset = Table,
        TrainingArgs = new TrainingArgs { Epochs = 1 },
        Seed = 5,
    };

    private sealed class Told : IProgress<MetricReport>
    {
        public List<MetricReport> Reports { get; } = [];

        public Exception? Throws { get; init; }

        public void Report(MetricReport value)
        {
            Reports.Add(value);
            if (Throws is not null)
            {
                throw Throws;
            }
        }
    }
}
