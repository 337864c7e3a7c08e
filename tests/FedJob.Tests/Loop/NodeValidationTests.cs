using FedJob.Loop;
using FedJob.Rounds;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Loop;

/// <summary>Runs that are steered by what nodes report of their validations.</summary>
public sealed class NodeValidationTests : IDisposable
{
    private static readonly WatchedMetric Local = new("MAE") { Source = MetricSource.ValidationOnLocalUpdates };
    private static readonly WatchedMetric Global = new("MAE") { Source = MetricSource.ValidationOnGlobalUpdates };

    private readonly LoopBench _bench = new();

    [Fact]
    public async Task RunAsync_NodesOfDifferentSizes_TheSampleWeightedMeanCounts()
    {
        await using Job job = await _bench.CreateValidatingAsync();
        AtEachRound((ticket, round) =>
        {
            bool first = ticket.NodeId == "node_1";
            _bench.Report(job.Id, ticket.NodeId, round, "MAE", 99, 1000, local: !first);
            _bench.Report(job.Id, ticket.NodeId, round, "MAE", first ? 1 : 5, first ? 30 : 10, local: true);
        });

        await LoopBench.RunAsync(job, 3, new RunOptions { EarlyStopping = new() { Metric = Local, Target = 2 }, KeepBest = new() { Metric = Local } });

        // (30 x 1 + 10 x 5) / 40 = 2; of node 2, which reports twice, the last word counts.
        Assert.Equal(new EarlyStop { Round = 0, Reason = StopReason.TargetReached, Metric = "MAE", Value = 2, BestRound = 0, BestValue = 2 }, job.EarlyStop);
        Assert.Equal((2.0, job.ParametersPath), (job.Best!.Value, job.Best.ParametersPath));
    }

    [Fact]
    public async Task RunAsync_ValidationOnGlobalUpdates_KeepsTheParametersThatWereValidated()
    {
        await using Job job = await _bench.CreateValidatingAsync();
        double[] errors = [3, 1, 2];
        AtEachRound((ticket, round) => _bench.Report(job.Id, ticket.NodeId, round, "MAE", errors[round], 10));

        List<RoundResult> results = await LoopBench.RunAsync(job, 3, new RunOptions { KeepBest = new() { Metric = Global } });

        Assert.Equal(new BestRound { Round = 1, Metric = "MAE", Value = 1, ParametersPath = results[0].ParametersPath }, job.Best);
    }

    [Fact]
    public async Task RunAsync_ReportAfterTheRoundsEnd_IsWaitedFor()
    {
        await using Job job = await _bench.CreateValidatingAsync();
        AtEachRound((ticket, round) =>
        {
            if (ticket.NodeId == "node_1")
            {
                _bench.Report(job.Id, ticket.NodeId, round, "MAE", 1, 10);
            }
        });
        var options = new RunOptions { EarlyStopping = new() { Metric = Global, Patience = 1 }, MetricWait = TimeSpan.FromSeconds(17) };
        Task<List<RoundResult>> run = LoopBench.RunAsync(job, 1, options);
        await _bench.Bench.Time.TimerOfAsync(TimeSpan.FromSeconds(17));
        Assert.False(run.IsCompleted);

        _bench.Report(job.Id, "node_2", null, "MAE", 3, 10);
        await run.WaitAsync(TimeSpan.FromSeconds(20), LoopBench.Token);

        Assert.Null(job.EarlyStop);
        Assert.Empty(await LoopBench.RunAsync(job, 1, options with { EarlyStopping = new() { Metric = Global, Target = 2 } })); // the mean of 1 and 3 was seen
    }

    [Fact]
    public async Task RunAsync_NobodyReports_WaitsWithinTheBoundAndCountsTheRoundAsOneWithoutABetterValue()
    {
        await using Job job = await _bench.CreateValidatingAsync();
        var options = new RunOptions { EarlyStopping = new() { Metric = Global, Patience = 2 }, MetricWait = TimeSpan.FromSeconds(17) };

        Task<List<RoundResult>> run = LoopBench.RunAsync(job, 5, options);
        await _bench.Bench.Time.PassAsync(TimeSpan.FromSeconds(17));
        await _bench.Bench.Time.PassAsync(TimeSpan.FromSeconds(17));

        Assert.Equal(2, (await run.WaitAsync(TimeSpan.FromSeconds(20), LoopBench.Token)).Count);
        Assert.Equal(new EarlyStop { Round = 1, Reason = StopReason.PatienceOver, Metric = "MAE" }, job.EarlyStop);
    }

    [Fact]
    public async Task RunAsync_ReportOfAnEarlierAttemptAtTheRound_DoesNotCount()
    {
        await using Job job = await _bench.CreateValidatingAsync();
        bool fail = true;
        _bench.Bench.Node = (ticket, request) =>
        {
            _bench.Report(job.Id, ticket.NodeId, request.Round, "MAE", fail ? 1 : 4, 10);
            return fail && ticket.NodeId == "node_2"
                ? Task.FromResult<FedJob.Protocol.Messages.NodeMessage?>(JobBench.Failed(ticket, "no"))
                : _bench.Bench.TrainedAsync(ticket, request, 10, 4, 6);
        };
        var options = new RunOptions { EarlyStopping = new() { Metric = Global, Target = 1 } };
        await Assert.ThrowsAsync<RoundFailedException>(() => LoopBench.RunAsync(job, 1, options));
        await ReportsAsync(job, 2);
        fail = false;

        await LoopBench.RunAsync(job, 1, options);

        Assert.Null(job.EarlyStop);
    }

    public void Dispose() => _bench.Dispose();

    private static async Task ReportsAsync(Job job, int count)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(LoopBench.Token);
        timeout.CancelAfter(TimeSpan.FromSeconds(20));
        await job.Metrics.ReadAllAsync(timeout.Token).Take(count).CountAsync(timeout.Token);
    }

    private void AtEachRound(Action<FedJob.Messaging.TrainTicket, int> report) => _bench.Bench.Node = (ticket, request) =>
    {
        report(ticket, request.Round);
        return _bench.Bench.TrainedAsync(ticket, request, 10, 4 + request.Round, 6);
    };
}
