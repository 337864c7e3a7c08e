using FedJob.Abstractions;
using FedJob.Loop;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;

namespace FedJob.Tests.Loop;

/// <summary>Runs that end before their number of rounds, and the best round's parameters.</summary>
public sealed class EarlyStoppingTests : IDisposable
{
    private readonly LoopBench _bench = new();

    [Fact]
    public async Task RunAsync_PatienceOver_EndsAfterThatManyRoundsWithoutABetterValue()
    {
        await using Job job = await _bench.CreateAsync();

        List<RoundResult> results = await LoopBench.RunAsync(job, 10, _bench.Options(5, 3, 4, 2, 2, 2, 1));

        Assert.Equal([0, 1, 2, 3, 4, 5], results.Select(r => r.Round));
        Assert.Equal(
            new EarlyStop { Round = 5, Reason = StopReason.PatienceOver, Metric = "loss", Value = 2, BestRound = 3, BestValue = 2 }, job.EarlyStop);
    }

    [Theory]
    [InlineData(false, 0.5, new[] { 0.9, 0.6, 0.5, 0.4 }, 3)]
    [InlineData(true, 0.8, new[] { 0.9, 0.8 }, 1)]
    [InlineData(true, 0.8, new[] { 0.1, double.NaN, 0.79, 0.8, 1 }, 4)]
    [InlineData(false, 0.5, new[] { 0.9, double.NegativeInfinity, 0.4 }, 3)]
    public async Task RunAsync_TargetReached_EndsInThatRound(bool higher, double target, double[] losses, int rounds)
    {
        await using Job job = await _bench.CreateAsync();
        var stopping = new EarlyStopping { Metric = LoopBench.Loss with { HigherIsBetter = higher }, Target = target };

        List<RoundResult> results = await LoopBench.RunAsync(job, losses.Length, _bench.Options(losses) with { EarlyStopping = stopping, KeepBest = null });

        Assert.Equal(rounds, results.Count);
        Assert.Equal((StopReason.TargetReached, rounds - 1), (job.EarlyStop!.Reason, job.EarlyStop.Round));
    }

    [Theory]
    [InlineData(false, 0.0, new[] { 3, 2.9, 2.8, 2.7 }, 4)]
    [InlineData(false, 0.1, new[] { 3, 2.95, 2.9, 2.7 }, 3)]
    [InlineData(true, 0.1, new[] { 1, 1.05, 1.2, 1.25, 1.3, 2 }, 5)]
    [InlineData(false, 0.0, new[] { double.NaN, double.NaN, 1 }, 2)]
    [InlineData(false, 0.0, new[] { 1, double.NaN, double.NegativeInfinity, 0 }, 3)]
    public async Task RunAsync_MinimumDelta_CountsOnlyWhatIsBetterByMore(bool higher, double delta, double[] losses, int rounds)
    {
        await using Job job = await _bench.CreateAsync();
        var stopping = new EarlyStopping { Metric = LoopBench.Loss with { HigherIsBetter = higher }, Patience = 2, MinimumDelta = delta };

        Assert.Equal(rounds, (await LoopBench.RunAsync(job, losses.Length, _bench.Options(losses) with { EarlyStopping = stopping, KeepBest = null })).Count);
    }

    [Fact]
    public async Task Best_ValuesThatRiseAndFall_IsTheFirstBestRoundsParameters()
    {
        await using Job job = await _bench.CreateAsync();

        List<RoundResult> results = await LoopBench.RunAsync(job, 5, _bench.Options(double.NaN, 2, 1, 1, 3) with { EarlyStopping = null });

        Assert.Equal(new BestRound { Round = 2, Metric = "loss", Value = 1, ParametersPath = results[2].ParametersPath }, job.Best);
        using ModelParameters best = AggregatedParametersFile.Open(job.Best!.ParametersPath);
        Assert.Equal(24f, best["w"].AsSpan<float>()[0]); // 5 -> 9 -> 15 -> 24
        PublishedParameters taken = await job.UpdateParametersFromFileAsync(job.Best.ParametersPath, LoopBench.Token);
        Assert.Equal(job.ParametersPath, taken.Path);
    }

    [Fact]
    public async Task RunAsync_AgainAfterTheStop_RunsNoRoundUntilMoreIsAllowed()
    {
        await using Job job = await _bench.CreateAsync();
        RunOptions options = _bench.Options(1, 2, 3, 4, 5, 6);
        await LoopBench.RunAsync(job, 10, options);
        Assert.Equal(3, job.Round);

        Assert.Empty(await LoopBench.RunAsync(job, 10, options));
        Assert.Equal(2, job.EarlyStop!.Round);
        Assert.Equal([3], (await LoopBench.RunAsync(job, 10, options with { EarlyStopping = options.EarlyStopping! with { Patience = 3 } })).Select(r => r.Round));
        var other = new EarlyStopping { Metric = new WatchedMetric("round"), Patience = 1 };
        Assert.Equal([4, 5], (await LoopBench.RunAsync(job, 2, options with { EarlyStopping = other })).Select(r => r.Round));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task ResumeAsync_SavedAfterAnyRound_StopsInTheSameRoundWithTheSameBest(int saved)
    {
        double[] losses = [5, 3, 4, 2, 2, 2, 1];
        await using Job straight = await _bench.CreateAsync();
        await LoopBench.RunAsync(straight, 10, _bench.Options(losses));
        Job first = await _bench.CreateAsync();
        await LoopBench.RunAsync(first, saved, _bench.Options(losses));

        await using Job resumed = await _bench.SaveAndResumeAsync(first, "checkpoint");
        Assert.Equal(first.Best! with { ParametersPath = resumed.Best!.ParametersPath }, resumed.Best);
        Assert.Equal(first.History.Select(r => r.Evaluation["loss"]), resumed.History.Select(r => r.Evaluation["loss"]));
        await LoopBench.RunAsync(resumed, 10, _bench.Options(losses));

        Assert.Equal(6, straight.Round);
        Assert.Equal((straight.Round, straight.EarlyStop), (resumed.Round, resumed.EarlyStop));
        Assert.Equal(straight.Best! with { ParametersPath = resumed.Best!.ParametersPath }, resumed.Best);
        Assert.Equal(ValuesOf(straight.Best!), ValuesOf(resumed.Best));
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task ResumeAsync_SavedBeforeTheLastRoundWasEvaluated_EvaluatesItFirst()
    {
        double[] losses = [1, 2, 3, 4];
        Job first = await _bench.CreateAsync();
        await LoopBench.RunAsync(first, 2, _bench.Options(losses));
        await Assert.ThrowsAsync<EvaluationFailedException>(
            () => LoopBench.RunAsync(first, 1, _bench.Options(losses) with { Evaluator = (_, _, _) => throw new InvalidOperationException() }));

        await using Job resumed = await _bench.SaveAndResumeAsync(first, "checkpoint");
        List<RoundResult> results = await LoopBench.RunAsync(resumed, 10, _bench.Options(losses));

        Assert.Empty(results);
        Assert.Equal((3, 2), (resumed.Round, resumed.EarlyStop!.Round));
        Assert.Equal([0, 1, 2], _bench.Evaluated);
    }

    [Fact]
    public async Task ResumeAsync_ParametersReplacedMeanwhile_DoesNotEvaluateThemAsTheRounds()
    {
        await using Job job = await _bench.CreateAsync();
        await Assert.ThrowsAsync<EvaluationFailedException>(
            () => LoopBench.RunAsync(job, 1, _bench.Options() with { Evaluator = (_, _, _) => throw new InvalidOperationException() }));
        await job.UpdateParametersAsync(new() { ["w"] = ParameterTensor.FromArray([1f, 1f]) }, LoopBench.Token);

        await LoopBench.RunAsync(job, 1, _bench.Options(1, 2));

        Assert.Equal([1], _bench.Evaluated);
    }

    public void Dispose() => _bench.Dispose();

    private static float[] ValuesOf(BestRound best)
    {
        using ModelParameters parameters = AggregatedParametersFile.Open(best.ParametersPath);
        return parameters["w"].AsSpan<float>().ToArray();
    }
}
