using FedJob.Abstractions;

namespace FedJob.Tests.Abstractions;

public sealed class SgdTrainingPlanTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TrainAsync_Epochs_EachSampleOncePerEpochInBatches()
    {
        (SpyPlan plan, TrainingResult result) = await TrainAsync(new() { Epochs = 3, BatchSize = 4, LearningRate = 1 });

        Assert.Equal([4, 4, 2, 4, 4, 2, 4, 4, 2], plan.Seen.Select(b => b.Count));
        Assert.All(plan.Seen.Chunk(3), epoch => Assert.Equal(Enumerable.Range(0, 10), epoch.SelectMany(b => b).Order()));
        Assert.NotEqual(plan.Seen[0], plan.Seen[3]);
        Assert.Equal((10L, 1.0, 9L), (result.SampleCount, result.LearningRate!.Value, result.UpdateCount!.Value));
    }

    [Fact]
    public async Task TrainAsync_UpdateCount_MakesExactlySoManySteps()
    {
        (SpyPlan plan, TrainingResult result) = await TrainAsync(new() { UpdateCount = 7, BatchSize = 4, LearningRate = 1 });

        Assert.Equal((7, 7L), (plan.Seen.Count, result.UpdateCount!.Value));
        Assert.Equal([4, 4, 2, 4, 4, 2, 4], plan.Seen.Select(b => b.Count));
    }

    [Fact]
    public async Task TrainAsync_DryRunOrFewerBatches_StopsThere()
    {
        Assert.Single((await TrainAsync(new() { Epochs = 3, BatchSize = 4, LearningRate = 1, DryRun = true })).Plan.Seen);
        Assert.Equal(2, (await TrainAsync(new() { Epochs = 2, BatchSize = 4, LearningRate = 1, MaximumBatches = 1 })).Plan.Seen.Count);
        Assert.Single((await TrainAsync(new() { Epochs = 1, LearningRate = 1 })).Plan.Seen);
    }

    [Fact]
    public async Task TrainAsync_SameSeed_SameBatches()
    {
        TrainingArgs args = new() { Epochs = 2, BatchSize = 3, LearningRate = 1 };

        Assert.Equal((await TrainAsync(args)).Plan.Seen, (await TrainAsync(args)).Plan.Seen);
    }

    [Fact]
    public async Task TrainAsync_Steps_DescendFromTheGlobalParametersWithTheProximalTerm()
    {
        // Every gradient is 1: w1 = 5 - 0.1, w2 = w1 - 0.1 (1 + 2 (w1 - 5)).
        (SpyPlan plan, _) = await TrainAsync(new() { UpdateCount = 2, LearningRate = 0.1, FedProxMu = 2 });

        Assert.Equal(4.9 - (0.1 * (1 + (2 * -0.1))), plan.GetParameters()["w"].AsSpan<double>()[0], 1e-12);
    }

    [Fact]
    public async Task TrainAsync_Reports_FirstLastAndEveryInterval()
    {
        (SpyPlan plan, _) = await TrainAsync(new() { Epochs = 1, BatchSize = 1, LearningRate = 1, LogInterval = 4 });

        Assert.Equal([1, 4, 8, 10], plan.Reports.Select(r => r.Iteration));
        Assert.All(plan.Reports, r => Assert.Equal((1, 10, r.Iteration), (r.Epoch, r.BatchCount, (int)r.SamplesTrained)));
        Assert.All((await TrainAsync(new() { UpdateCount = 1, LearningRate = 1 })).Plan.Reports, r => Assert.Null(r.Epoch));
    }

    [Fact]
    public async Task TrainAsync_NoLearningRate_IsRefused() => Assert.Equal(
        FedJobErrorCode.TrainingPlanFailed, (await Assert.ThrowsAsync<FedJobException>(() => TrainAsync(new() { Epochs = 1 }))).Code);

    [Fact]
    public async Task TrainAsync_Cancelled_Ends() => await Assert.ThrowsAnyAsync<OperationCanceledException>(
        () => TrainAsync(new() { UpdateCount = int.MaxValue, LearningRate = 1 }, cancelled: true));

    [Fact]
    public void UpdateCount_BelowOne_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingResult { SampleCount = 1, UpdateCount = 0 });

    private static async Task<(SpyPlan Plan, TrainingResult Result)> TrainAsync(TrainingArgs args, bool cancelled = false)
    {
        var plan = new SpyPlan();
        await plan.InitializeAsync(new() { ModelArgs = [], TrainingArgs = args, Seed = 0 }, Token);
        plan.SetParameters(new() { ["w"] = ParameterTensor.FromArray(new[] { 5.0 }) });
        TrainingResult result = await plan.TrainAsync(
            new()
            {
                Dataset = new FileDataset("none", "nowhere", 10),
                Samples = [.. Enumerable.Range(0, 10)],
                TrainingArgs = args,
                Round = 0,
                Seed = 3,
                Progress = plan,
            },
            cancelled ? new CancellationToken(canceled: true) : Token);
        return (plan, result);
    }

    private sealed class SpyPlan : SgdTrainingPlan<double>, IProgress<MetricReport>
    {
        private readonly ModelVariable<double> _w = new("w", [0.0]);

        public List<IReadOnlyList<int>> Seen { get; } = [];

        public List<MetricReport> Reports { get; } = [];

        public void Report(MetricReport value) => Reports.Add(value);

        public override ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) => throw new NotSupportedException();

        protected override IEnumerable<ModelVariable<double>> CreateVariables(InitializationContext context) => [_w];

        protected override double ComputeGradient(LocalDataset dataset, IReadOnlyList<int> batch)
        {
            Seen.Add(batch);
            _w.Gradient[0] = 1;
            return 0.5;
        }
    }
}
