using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Rounds;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Rounds;

/// <summary>More nodes than the goal needs, and further ones in place of those that are lost.</summary>
public sealed class OverSelectionTests : IDisposable
{
    private static readonly RoundPolicy Policy = new() { Deadline = TimeSpan.FromHours(1), PingInterval = TimeSpan.FromHours(2), ReturnGrace = TimeSpan.Zero };
    private readonly JobBench _bench = new();

    [Fact]
    [Trait("fault", "3")]
    public async Task RunRoundAsync_StragglersAmongMoreThanNeeded_CompletesWithTheFirst()
    {
        int asked = 0;
        _bench.Node = (ticket, request) => Interlocked.Increment(ref asked) > 4 ? Task.FromResult<NodeMessage?>(null) : _bench.TrainedAsync(ticket, request, 10, 4, 6);
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 10));

        RoundResult result = await job.RunRoundAsync(Request(4, Policy with { OverSelection = 0.5 }), JobBench.Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal((4, 2), (result.Verdicts.Count(v => v.Kind == VerdictKind.Succeeded), result.Verdicts.Count(v => v.Kind == VerdictKind.NotNeeded)));
        Assert.Equal(40, result.SampleCount);
    }

    [Fact]
    public async Task RunRoundAsync_EverybodyReplies_NoMoreThanTheGoalIsUsed()
    {
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 10));

        RoundResult result = await job.RunRoundAsync(Request(4, Policy with { OverSelection = 1 }), JobBench.Token);

        Assert.Equal(8, result.Verdicts.Count);
        Assert.Equal(4, result.Verdicts.Count(v => v.Kind == VerdictKind.Succeeded));
        Assert.All(result.Verdicts.Where(v => v.Kind != VerdictKind.Succeeded), v => Assert.Equal(VerdictKind.NotNeeded, v.Kind));
    }

    [Fact]
    public async Task RunRoundAsync_MoreThanTheJobHas_AsksAllOfThem()
    {
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 5));

        RoundResult result = await job.RunRoundAsync(Request(4, Policy with { OverSelection = 10 }), JobBench.Token);

        Assert.Equal(5, result.Verdicts.Count);
    }

    [Fact]
    public async Task RunRoundAsync_LostNodesReplaced_TheGoalIsReachedAndTheOrderIsTheSeeds()
    {
        string[] first = await ReplacedAsync(seed: 5);
        string[] second = await ReplacedAsync(seed: 5);

        Assert.Equal(2, first.Length);
        Assert.Equal(first, second);
        Assert.Contains(await Task.WhenAll(Enumerable.Range(6, 5).Select(ReplacedAsync)), other => !other.SequenceEqual(first));
    }

    [Fact]
    public async Task RunRoundAsync_AllAreLost_EachNodeOfTheJobIsAskedOnceAndTheRoundFails()
    {
        _bench.Publish = _ => PublishOutcome.NoSubscribers;
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 6));

        RoundFailedException failed = await Assert.ThrowsAsync<RoundFailedException>(
            () => job.RunRoundAsync(Request(2, Policy with { ReplaceLostNodes = true }), JobBench.Token));

        Assert.Equal(6, failed.Verdicts.Count);
        Assert.All(failed.Verdicts, v => Assert.Equal(VerdictKind.Lost, v.Kind));
        Assert.Equal(6, _bench.Sent.Count);
        Assert.Equal(0, _bench.OpenWindows);
    }

    [Fact]
    public async Task RunRoundAsync_FailedNode_IsReplacedToo()
    {
        int asked = 0;
        _bench.Node = (ticket, request) =>
            Interlocked.Increment(ref asked) == 1 ? Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "no GPU")) : _bench.TrainedAsync(ticket, request, 10, 4, 6);
        await using Job job = await _bench.CreateAsync(_bench.Options(nodes: 3));

        RoundResult result = await job.RunRoundAsync(Request(2, Policy with { ReplaceLostNodes = true }), JobBench.Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal(
            [VerdictKind.Succeeded, VerdictKind.Succeeded, VerdictKind.TrainingFailed], result.Verdicts.Select(v => v.Kind).Order());
    }

    public void Dispose() => _bench.Dispose();

    private static RoundRequest Request(int goal, RoundPolicy policy) => new() { Sampler = new CountSampler(goal), Policy = policy };

    /// <summary>The nodes asked in place of the two that were sampled, in the order they were asked.</summary>
    private static async Task<string[]> ReplacedAsync(int seed)
    {
        using var bench = new JobBench();
        string[] lost = ["node_1", "node_2"];
        bench.Publish = ticket => lost.Contains(ticket.NodeId) ? PublishOutcome.NoSubscribers : PublishOutcome.Accepted;
        JobOptions options = bench.Options(nodes: 9);
        options.Seed = seed;
        await using Job job = await bench.CreateAsync(options);
        Subscription<RoundEvent> events = job.SubscribeToEvents();
        RoundResult result = await job.RunRoundAsync(new() { Sampler = new FirstTwo(), Policy = Policy with { ReplaceLostNodes = true } }, JobBench.Token);
        events.Dispose();
        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        List<string> replaced = [];
        await foreach (RoundEvent seen in events.ReadAllAsync(JobBench.Token))
        {
            if (seen.Kind == RoundEventKind.Replaced)
            {
                replaced.Add(seen.NodeId!);
            }
        }

        return [.. replaced];
    }

    private sealed class FirstTwo : INodeSampler
    {
        public IReadOnlyList<string> Sample(SamplingContext context) => ["node_1", "node_2"];
    }
}
