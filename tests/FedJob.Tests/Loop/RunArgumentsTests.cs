using FedJob.Abstractions;
using FedJob.Loop;
using FedJob.Protocol.Messages;
using FedJob.Rounds;

namespace FedJob.Tests.Loop;

/// <summary>What nodes are sent by the options of a run, and what is refused before anything is sent.</summary>
public sealed class RunArgumentsTests : IDisposable
{
    private static readonly Dictionary<string, RunOptions> Wrong = new(StringComparer.Ordinal)
    {
        ["no nodes"] = new() { MinimumAvailableNodes = 0 },
        ["more nodes than there are"] = new() { MinimumAvailableNodes = 3 },
        ["negative wait"] = new() { AvailabilityWait = TimeSpan.FromTicks(-1) },
        ["endless wait"] = new() { AvailabilityWait = TimeSpan.MaxValue },
        ["no interval"] = new() { AvailabilityInterval = TimeSpan.Zero },
        ["endless interval"] = new() { AvailabilityInterval = Timeout.InfiniteTimeSpan },
        ["negative wait for metrics"] = new() { MetricWait = TimeSpan.FromSeconds(-1) },
        ["never stopping"] = Stopping(new() { Metric = LoopBench.Loss }),
        ["no patience"] = Stopping(new() { Metric = LoopBench.Loss, Patience = 0 }),
        ["no target"] = Stopping(new() { Metric = LoopBench.Loss, Target = double.NaN }),
        ["negative delta"] = Stopping(new() { Metric = LoopBench.Loss, Patience = 1, MinimumDelta = -0.1 }),
        ["no delta"] = Stopping(new() { Metric = LoopBench.Loss, Patience = 1, MinimumDelta = double.NaN }),
        ["no metric"] = Stopping(new() { Metric = null!, Patience = 1 }),
        ["blank metric"] = Stopping(new() { Metric = new(" "), Patience = 1 }),
        ["unknown source"] = Stopping(new() { Metric = new("loss") { Source = (MetricSource)9 }, Patience = 1 }),
        ["no best metric"] = Stopping(null) with { KeepBest = new() { Metric = null! } },
        ["stopping without evaluator"] = new() { EarlyStopping = new() { Metric = LoopBench.Loss, Patience = 1 } },
        ["best without evaluator"] = new() { KeepBest = new() { Metric = LoopBench.Loss } },
        ["validation that no node is asked for"] = Stopping(new() { Metric = new("MAE") { Source = MetricSource.ValidationOnLocalUpdates }, Patience = 1 }),
        ["no overrides"] = new() { NodeTrainingArgs = null! },
        ["null override"] = Overriding("node_1", null!),
        ["override of a stranger"] = Overriding("node_9", args => args),
        ["override with epochs and updates"] = Overriding("node_2", args => args with { UpdateCount = 3 }),
        ["override with nothing to train"] = Overriding("node_2", args => args with { Epochs = null }),
        ["override that nodes refuse"] = Overriding("node_2", args => args with { TestMetric = (TestMetric)99 }),
    };

    private readonly LoopBench _bench = new();

    public static TheoryData<string> WrongOptions => [.. Wrong.Keys];

    [Fact]
    public async Task RunAsync_ScheduleAndOverrides_ReachEachNode()
    {
        await using Job job = await _bench.CreateAsync();
        TrainingArgs before = job.TrainingArgs;
        var options = new RunOptions
        {
            LearningRate = LearningRateSchedule.Exponential(0.5, 0.5),
            NodeTrainingArgs = new Dictionary<string, Func<TrainingArgs, TrainingArgs>> { ["node_2"] = args => args with { Epochs = 7, LearningRate = args.LearningRate * 10 } },
        };

        await LoopBench.RunAsync(job, 2, options);
        await LoopBench.RunAsync(job, 1, new RunOptions());

        Assert.Equal(
            [(0, "node_1", 2, 0.5), (0, "node_2", 7, 5), (1, "node_1", 2, 0.25), (1, "node_2", 7, 2.5), (2, "node_1", 2, null), (2, "node_2", 2, null)],
            NodesOf(_bench.Bench.Sent).Select(s => (s.Request.Round, s.NodeId, s.Request.TrainingArgs.Epochs!.Value, s.Request.TrainingArgs.LearningRate)));
        Assert.All(_bench.Bench.Sent, r => Assert.Equal(0.25, r.TrainingArgs.TestRatio));
        Assert.Equal(before, job.TrainingArgs);
    }

    [Fact]
    public async Task RunAsync_NodeWithArgumentsOfItsOwnLeaves_TheRunGoesOnWithoutIt()
    {
        await using Job job = await _bench.CreateAsync();
        List<int> participants = [];

        await foreach (RoundResult round in job.RunAsync(2, options: Overriding("node_2", args => args with { Epochs = 7 }), cancellationToken: LoopBench.Token))
        {
            participants.Add(round.Verdicts.Count);
            job.Data = job.Data.Only("node_1");
        }

        Assert.Equal([2, 1], participants);
    }

    [Fact]
    public async Task RunAsync_ScheduleAfterResume_GoesOnWithTheNumberOfTheRound()
    {
        var options = new RunOptions { LearningRate = LearningRateSchedule.Exponential(0.5, 0.5) };
        Job first = await _bench.CreateAsync();
        await LoopBench.RunAsync(first, 2, options);
        await using Job resumed = await _bench.SaveAndResumeAsync(first, "checkpoint");

        await LoopBench.RunAsync(resumed, 1, options);

        Assert.Equal(0.125, _bench.Bench.Sent[^1].TrainingArgs.LearningRate);
    }

    [Fact]
    public async Task RunRoundAsync_ArgumentsOfTheRequest_TakeThePlaceOfTheJobs()
    {
        await using Job job = await _bench.CreateAsync();
        var request = new RoundRequest
        {
            TrainingArgs = new TrainingArgs { Epochs = 3 },
            NodeTrainingArgs = new Dictionary<string, TrainingArgs> { ["node_1"] = new() { UpdateCount = 4 } },
        };

        await job.RunRoundAsync(request, LoopBench.Token);

        Assert.Equal([("node_1", null, 4), ("node_2", 3, null)], NodesOf(_bench.Bench.Sent).Select(s => (s.NodeId, s.Request.TrainingArgs.Epochs, s.Request.TrainingArgs.UpdateCount)));
        await Assert.ThrowsAsync<ArgumentException>(() => job.RunRoundAsync(request with { TrainingArgs = new TrainingArgs() }, LoopBench.Token));
        await Assert.ThrowsAsync<ArgumentException>(
            () => job.RunRoundAsync(new() { NodeTrainingArgs = new Dictionary<string, TrainingArgs> { ["node_9"] = new() { Epochs = 1 } } }, LoopBench.Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() => job.RunRoundAsync(new() { NodeTrainingArgs = null! }, LoopBench.Token));
        Assert.Equal(2, _bench.Bench.Sent.Count);
    }

    [Theory]
    [MemberData(nameof(WrongOptions))]
    [Trait("input", "15")]
    public async Task RunAsync_WrongOptions_AreRefusedAtTheCall(string kind)
    {
        await using Job job = await _bench.CreateAsync();

        Assert.ThrowsAny<ArgumentException>(() => job.RunAsync(2, options: Wrong[kind], cancellationToken: LoopBench.Token));

        Assert.Empty(_bench.Bench.Sent);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task RunAsync_OverrideThrows_IsWrappedAndNothingIsSent()
    {
        await using Job job = await _bench.CreateAsync();
        var cause = new InvalidOperationException("no arguments");

        FedJobException thrown = Assert.Throws<FedJobException>(() => job.RunAsync(1, options: Overriding("node_2", _ => throw cause), cancellationToken: LoopBench.Token));
        FedJobException none = Assert.Throws<FedJobException>(() => job.RunAsync(1, options: Overriding("node_2", _ => null!), cancellationToken: LoopBench.Token));
        FedJobException rate = Assert.Throws<FedJobException>(
            () => job.RunAsync(1, options: Overriding("node_2", args => args with { LearningRate = double.NaN }), cancellationToken: LoopBench.Token));

        Assert.Equal((FedJobErrorCode.ExtensionFailed, "node_2", cause), (thrown.Code, thrown.NodeId, thrown.InnerException));
        Assert.Equal((FedJobErrorCode.ExtensionFailed, FedJobErrorCode.ExtensionFailed), (none.Code, rate.Code));
        Assert.IsType<ArgumentOutOfRangeException>(rate.InnerException);
        Assert.Empty(_bench.Bench.Sent);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task RunAsync_ScheduleThrowsInALaterRound_TheRoundsBeforeStay()
    {
        await using Job job = await _bench.CreateAsync();
        var options = new RunOptions { LearningRate = LearningRateSchedule.From(round => round < 2 ? 0.1 : throw new InvalidOperationException("no rate")) };

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => LoopBench.RunAsync(job, 5, options));

        Assert.Equal((FedJobErrorCode.ExtensionFailed, 2), (thrown.Code, thrown.Round));
        Assert.Equal((2, 2, 4), (job.Round, job.History.Count, _bench.Bench.Sent.Count));
    }

    public void Dispose() => _bench.Dispose();

    private static RunOptions Stopping(EarlyStopping? stopping) => new()
    {
        Evaluator = (_, _, _) => Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double> { ["loss"] = 1 }),
        EarlyStopping = stopping,
    };

    private static RunOptions Overriding(string nodeId, Func<TrainingArgs, TrainingArgs> change) => new()
    {
        NodeTrainingArgs = new Dictionary<string, Func<TrainingArgs, TrainingArgs>> { [nodeId] = change },
    };

    private IEnumerable<(string NodeId, TrainRequest Request)> NodesOf(IEnumerable<TrainRequest> sent) =>
        sent.Select(r => (NodeId: _bench.NodeOf(r), Request: r)).OrderBy(s => s.Request.Round).ThenBy(s => s.NodeId, StringComparer.Ordinal);
}
