using FedJob.Aggregation;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Rounds;

/// <summary>What a round does between building its requests and sending the first.</summary>
public sealed class ComposedRequestsTests : IDisposable
{
    private readonly JobBench _bench = new();

    [Fact]
    public async Task RunRoundAsync_NodeThatMustNotBeAsked_IsRejectedAtOnceAndTheOthersGoOn()
    {
        _bench.Refuse = ticket => ticket.NodeId == "node_1" ? "it still owes a reply" : null;
        await using Job job = await _bench.CreateAsync();

        RoundResult result = await job.RunRoundAsync(
            new() { Policy = new() { MinimumReplies = Quorum.Count(1), Grace = TimeSpan.FromMinutes(1) } }, JobBench.Token);

        Assert.Equal([VerdictKind.Rejected, VerdictKind.Succeeded], result.Verdicts.Select(v => v.Kind));
        Assert.Equal("it still owes a reply", result.Verdicts[0].Reason);
        Assert.Single(_bench.Sent);
    }

    [Fact]
    public async Task RunRoundAsync_OneRequestANodeWouldRefuse_NothingIsSentToAnybody()
    {
        await using Job job = await _bench.CreateAsync();

        // A node takes an object for a reference to a file, and this one is none.
        var arguments = new AggregatorArguments
        {
            PerNode = new Dictionary<string, NodeArguments> { ["node_2"] = new() { Values = new() { ["setting"] = new System.Text.Json.Nodes.JsonObject() } } },
        };
        await Assert.ThrowsAsync<MessageFormatException>(() => job.RunRoundAsync(new() { AggregatorArguments = arguments }, JobBench.Token));

        Assert.Empty(_bench.Sent);
        Assert.Equal((0, 0), (job.Round, _bench.OpenWindows));
    }

    public void Dispose() => _bench.Dispose();
}
