using FedJob.Abstractions;
using FedJob.Loop;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Rounds;
using Moq;

namespace FedJob.Tests.Loop;

/// <summary>Rounds that wait until enough nodes are there.</summary>
public sealed class NodeAvailabilityTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(1);

    private readonly LoopBench _bench = new();
    private readonly HashSet<string> _withoutData = new(StringComparer.Ordinal);
    private readonly List<string[]> _there = [];
    private int _pings;

    public NodeAvailabilityTests()
    {
        _bench.Bench.Requests.Setup(r => r.PingAsync(It.IsAny<IReadOnlyCollection<string>?>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(() => [.. _there[Math.Min(_pings++, _there.Count - 1)].Select(n => new NodePong(n, true, TimeSpan.Zero))]);
        _bench.Bench.Requests.Setup(r => r.ListAsync(It.IsAny<IReadOnlyCollection<string>?>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync((IReadOnlyCollection<string>? nodes, CancellationToken _) => nodes!.ToDictionary(
                n => n, n => (IReadOnlyList<DatasetEntry>)[Entry(_withoutData.Contains(n) ? "another" : "dataset_1")], StringComparer.Ordinal));
    }

    [Fact]
    public async Task RunAsync_EnoughAreThere_TheRoundIsAmongThemAtOnce()
    {
        _there.Add(["node_1", "node_3", "stranger"]);
        await using Job job = await CreateAsync();

        RoundResult result = Assert.Single(await LoopBench.RunAsync(job, 1, Options(2)));

        Assert.Equal(["node_1", "node_3"], result.Verdicts.Select(v => v.NodeId));
        Assert.Equal(["node_1", "node_2", "node_3"], job.Nodes);
        Assert.Equal(1, _pings);
    }

    [Fact]
    public async Task RunAsync_NodesComeOneByOne_BeginsWhenThereAreEnough()
    {
        _there.AddRange([[], ["node_2"], ["node_2", "node_3"]]);
        await using Job job = await CreateAsync();

        Task<List<RoundResult>> run = LoopBench.RunAsync(job, 1, Options(2));
        await _bench.Bench.Time.PassAsync(Interval);
        await _bench.Bench.Time.PassAsync(Interval);

        Assert.Equal(["node_2", "node_3"], (await run.WaitAsync(TimeSpan.FromSeconds(20), LoopBench.Token))[0].Verdicts.Select(v => v.NodeId));
        Assert.Equal(3, _pings);
    }

    [Fact]
    public async Task RunAsync_WaitIsOver_NamesBothNumbersAndBeginsNoRound()
    {
        _there.Add(["node_2"]);
        await using Job job = await CreateAsync();

        Task<List<RoundResult>> run = LoopBench.RunAsync(job, 1, Options(3));
        await _bench.Bench.Time.TimerOfAsync(Interval);
        _bench.Bench.Time.Advance(Wait);
        TooFewNodesException thrown = await Assert.ThrowsAsync<TooFewNodesException>(() => run.WaitAsync(TimeSpan.FromSeconds(20), LoopBench.Token));

        Assert.Equal((FedJobErrorCode.TooFewNodes, 3, Wait), (thrown.Code, thrown.Needed, thrown.Elapsed));
        Assert.Equal(["node_2"], thrown.Available);
        Assert.Contains("3 of the job's 3", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("and 1 were", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Bench.Sent);
        Assert.Equal(0, job.Round);
    }

    [Fact]
    public async Task RunAsync_NoTimeToWait_LooksOnce()
    {
        _there.Add(["node_2"]);
        await using Job job = await CreateAsync();

        Assert.Single(await LoopBench.RunAsync(job, 1, Options(1) with { AvailabilityWait = TimeSpan.Zero }));
        TooFewNodesException thrown = await Assert.ThrowsAsync<TooFewNodesException>(
            () => LoopBench.RunAsync(job, 1, Options(2) with { AvailabilityWait = TimeSpan.Zero }));

        Assert.Equal((2, 2), (thrown.Needed, _pings));
    }

    [Fact]
    public async Task RunAsync_NodeWithoutItsDataset_IsNotThere()
    {
        _there.Add(["node_1", "node_2", "node_3"]);
        _withoutData.Add("node_2");
        await using Job job = await CreateAsync();

        Assert.Equal(["node_1", "node_3"], Assert.Single(await LoopBench.RunAsync(job, 1, Options(2))).Verdicts.Select(v => v.NodeId));
    }

    [Fact]
    public async Task RunAsync_LinkDownForAWhile_GoesOnWaiting()
    {
        _there.Add(["node_1", "node_2"]);
        var down = new MessagingException(FedJobErrorCode.PublishNotAcknowledged, "the broker is silent");
        _bench.Bench.Requests.SetupSequence(r => r.PingAsync(It.IsAny<IReadOnlyCollection<string>?>(), It.IsAny<CancellationToken>()))
            .ThrowsAsync(down).ReturnsAsync([new NodePong("node_1", true, TimeSpan.Zero), new NodePong("node_2", true, TimeSpan.Zero)]).ThrowsAsync(down);
        await using Job job = await CreateAsync();

        Task<List<RoundResult>> run = LoopBench.RunAsync(job, 1, Options(2));
        await _bench.Bench.Time.PassAsync(Interval);

        Assert.Single(await run.WaitAsync(TimeSpan.FromSeconds(20), LoopBench.Token));
        TooFewNodesException thrown = await Assert.ThrowsAsync<TooFewNodesException>(
            () => LoopBench.RunAsync(job, 1, Options(2) with { AvailabilityWait = TimeSpan.Zero }));
        Assert.Same(down, thrown.InnerException);
    }

    [Fact]
    public async Task RunAsync_CancelledWhileWaiting_IsCancelled()
    {
        _there.Add([]);
        await using Job job = await CreateAsync();
        using var stop = new CancellationTokenSource();

        IAsyncEnumerator<RoundResult> rounds = job.RunAsync(1, options: Options(1), cancellationToken: stop.Token).GetAsyncEnumerator(LoopBench.Token);
        Task<bool> first = rounds.MoveNextAsync().AsTask();
        await _bench.Bench.Time.TimerOfAsync(Interval);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await rounds.DisposeAsync();
    }

    public void Dispose() => _bench.Dispose();

    private static RunOptions Options(int needed) => new() { MinimumAvailableNodes = needed, AvailabilityWait = Wait, AvailabilityInterval = Interval };

    private static DatasetEntry Entry(string id) => new() { DatasetId = id, Name = "n", DataType = "csv", Tags = ["a"], Description = "d" };

    private Task<Job> CreateAsync()
    {
        JobOptions options = _bench.Bench.Options(3);
        options.InitialParameters = new() { ["w"] = ParameterTensor.FromArray([5f, 1f]) };
        return _bench.Bench.CreateAsync(options);
    }
}
