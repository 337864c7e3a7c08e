using FedJob.Abstractions;
using FedJob.Loop;
using FedJob.Metrics;
using FedJob.Rounds;

namespace FedJob.Tests.Loop;

/// <summary>The researcher's own evaluation after each round.</summary>
public sealed class EvaluationTests : IDisposable
{
    private readonly LoopBench _bench = new();

    [Fact]
    public async Task RunAsync_Evaluator_SeesEachRoundsNewParametersAndItsMetricsAreKept()
    {
        await using Job job = await _bench.CreateAsync();
        List<float> seen = [];
        var options = new RunOptions
        {
            Evaluator = (round, parameters, _) =>
            {
                seen.Add(parameters["w"].AsSpan<float>()[0]);
                return Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double> { ["accuracy"] = round / 2.0, ["odd"] = double.NaN });
            },
        };

        List<RoundResult> results = await LoopBench.RunAsync(job, 2, options);

        // Nodes 1 and 2 answer with (w + 1) times their number: the mean is 1.5 (w + 1), from 5 on.
        Assert.Equal([9f, 15f], seen);
        Assert.Equal([0.0, 0.5], results.Select(r => r.Evaluation["accuracy"]));
        Assert.True(double.IsNaN(results[0].Evaluation["odd"]));
        Assert.Equal(results, job.History);
        IReadOnlyList<NodeMetric> kept = job.Metrics.Query(nodeId: "researcher_me", name: "accuracy", phase: MetricPhase.ValidationOnGlobalUpdates);
        Assert.Equal([(0, 0.0), (1, 0.5)], kept.Select(m => (m.Round!.Value, m.Message.Metrics["accuracy"])));
        Assert.Null(job.EarlyStop);
        Assert.Null(job.Best);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task RunAsync_EvaluatorThrows_TheRoundIsCommittedAndEvaluatedAgainByTheNextRun()
    {
        await using Job job = await _bench.CreateAsync();
        var cause = new InvalidOperationException("no test data");
        RunOptions options = _bench.Options(3, 2, 1);
        RunOptions broken = options with { Evaluator = (_, _, _) => throw cause };

        EvaluationFailedException thrown = await Assert.ThrowsAsync<EvaluationFailedException>(() => LoopBench.RunAsync(job, 3, broken));

        Assert.Equal((FedJobErrorCode.ExtensionFailed, cause, 0, job.Id), (thrown.Code, thrown.InnerException, thrown.Round, thrown.JobId));
        Assert.Equal(1, job.Round);
        Assert.Same(thrown.Result, Assert.Single(job.History));
        Assert.Equal(job.ParametersPath, thrown.Result.ParametersPath);
        Assert.Empty(job.Metrics.Query());

        List<RoundResult> results = await LoopBench.RunAsync(job, 2, options);
        Assert.Equal([1, 2], results.Select(r => r.Round));
        Assert.Equal([0, 1, 2], _bench.Evaluated);
        Assert.Equal([3.0, 2.0, 1.0], job.History.Select(r => r.Evaluation["loss"]));
    }

    [Theory]
    [Trait("fault", "15")]
    [InlineData("null")]
    [InlineData("nothing of use")]
    [InlineData("blank name")]
    [InlineData("cancelled by itself")]
    public async Task RunAsync_EvaluationOfNoUse_IsToldWithTheRoundsResult(string kind)
    {
        await using Job job = await _bench.CreateAsync();
        RunOptions options = _bench.Options(1) with
        {
            Evaluator = (_, _, _) => kind switch
            {
                "null" => Task.FromResult<IReadOnlyDictionary<string, double>>(null!),
                "nothing of use" => Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double> { ["accuracy"] = 1 }),
                "blank name" => Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double> { ["loss"] = 1, [" "] = 1 }),
                _ => Task.FromCanceled<IReadOnlyDictionary<string, double>>(new CancellationToken(canceled: true)),
            },
        };

        EvaluationFailedException thrown = await Assert.ThrowsAsync<EvaluationFailedException>(() => LoopBench.RunAsync(job, 1, options));

        Assert.Equal((0, 1, FedJobErrorCode.ExtensionFailed), (thrown.Result.Round, job.Round, thrown.Code));
        if (kind == "nothing of use")
        {
            Assert.Contains("no 'loss', which the run looks at, but accuracy", thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task RunAsync_CancelledWhileEvaluating_IsCancelledAndTheRoundStaysCommitted()
    {
        await using Job job = await _bench.CreateAsync();
        using var stop = new CancellationTokenSource();
        var options = new RunOptions
        {
            Evaluator = async (_, _, cancellationToken) =>
            {
                await stop.CancelAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return new Dictionary<string, double>();
            },
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (RoundResult _ in job.RunAsync(2, options: options, cancellationToken: stop.Token))
            {
            }
        });

        Assert.Equal((1, 1), (job.Round, job.History.Count));
    }

    [Fact]
    public async Task DisposeAsync_WhileEvaluating_EndsTheEvaluation()
    {
        Job job = await _bench.CreateAsync();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new RunOptions
        {
            Evaluator = async (_, _, cancellationToken) =>
            {
                began.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return new Dictionary<string, double>();
            },
        };
        Task run = LoopBench.RunAsync(job, 1, options);
        await began.Task.WaitAsync(LoopBench.Token);

        await job.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => run);
    }

    public void Dispose() => _bench.Dispose();
}
