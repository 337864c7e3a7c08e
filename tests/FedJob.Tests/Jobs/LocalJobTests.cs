using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;
using FedJob.TrainingPlans;

namespace FedJob.Tests.Jobs;

public sealed class LocalJobTests
{
    private static readonly TabularDataset Table = new("t", [DatasetColumn.FromNumbers("x", [1, 2, 3, 4])]);
    private readonly MeanPlan _plan = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("seed", "34")]
    public async Task TrainAsync_AllOrSomeSamples_TrainsOnThem()
    {
        await using LocalJob all = await LocalJob.CreateAsync(Options(), cancellationToken: Token);
        Assert.Equal(9f, (await all.TrainAsync(Token)).Parameters["w"].AsSpan<float>()[0]);

        LocalJobOptions some = Options();
        some.Samples = [0, 3];
        await using LocalJob part = await LocalJob.CreateAsync(some, cancellationToken: Token);
        LocalJobResult result = await part.TrainAsync(Token);
        Assert.Equal((7f, 2), (result.Parameters["w"].AsSpan<float>()[0], result.Training.SampleCount));
    }

    [Fact]
    public async Task EvaluateAsync_GivenParameters_AreCheckedAndUsed()
    {
        await using LocalJob job = await LocalJob.CreateAsync(Options(), cancellationToken: Token);

        EvaluationResult result = await job.EvaluateAsync(new() { ["w"] = ParameterTensor.FromArray(new[] { 42f, 0 }) }, cancellationToken: Token);
        Assert.Equal((42.0, 4), (result.Metrics["w0"], result.SampleCount));

        TrainingPlanException mismatch = await Assert.ThrowsAsync<TrainingPlanException>(
            () => job.EvaluateAsync(new() { ["w"] = ParameterTensor.FromArray(new float[3]) }, cancellationToken: Token));
        Assert.Equal(FedJobErrorCode.ParametersMismatch, mismatch.Code);
    }

    [Fact]
    [Trait("seed", "34")]
    public async Task TrainAsync_PlanThrows_IsWrappedEvenIfItsOwnCancellation()
    {
        await using LocalJob job = await LocalJob.CreateAsync(Options(), cancellationToken: Token);
        foreach (Exception thrown in new Exception[] { new NotSupportedException("odd"), new OperationCanceledException("its own") })
        {
            _plan.Throws = thrown;
            TrainingPlanException wrapped = await Assert.ThrowsAsync<TrainingPlanException>(() => job.TrainAsync(Token));
            Assert.Equal(FedJobErrorCode.TrainingPlanFailed, wrapped.Code);
            Assert.Same(thrown, wrapped.InnerException);
        }
    }

    [Fact]
    public async Task CreateAsync_PlanThrowsOrHasNoParameters_IsTyped()
    {
        _plan.Throws = new NotSupportedException("odd");
        Assert.Contains("NotSupportedException: odd", (await Assert.ThrowsAsync<TrainingPlanException>(() => LocalJob.CreateAsync(Options(), cancellationToken: TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        _plan.Throws = null;
        _plan.IsEmpty = true;
        Assert.Contains("no tensor", (await Assert.ThrowsAsync<TrainingPlanException>(() => LocalJob.CreateAsync(Options(), cancellationToken: TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task TrainAsync_AfterDisposal_IsRefused()
    {
        LocalJob job = await LocalJob.CreateAsync(Options(), cancellationToken: Token);
        await job.DisposeAsync();
        await job.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => job.TrainAsync(Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => job.EvaluateAsync(cancellationToken: Token));
    }

    private LocalJobOptions Options() => new()
    {
        TrainingPlan = TrainingPlanSource.FromInstance(_plan),
        Dataset = Table,
        TrainingArgs = new TrainingArgs { Epochs = 1 },
        Seed = 5,
    };
}
