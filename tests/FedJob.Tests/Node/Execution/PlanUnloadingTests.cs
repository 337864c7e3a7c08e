using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Node;
using FedJob.Node.Execution;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Node.Execution;

public sealed class PlanUnloadingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PlanUnloaded_AfterRoundsWithMetricsLogsAndState_EveryContextIsGoneWithinFiveSeconds()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        using var unloaded = new Unloadings(harness.Node);
        string? state = null;
        for (int round = 0; round < 3; round++)
        {
            TrainReply reply = await harness.TrainAsync(harness.Request(new JsonObject { ["reports"] = 3, ["log"] = "line" }) with
            {
                Round = round,
                StateId = state,
                TrainingArgs = new TrainingArgs { Epochs = 1, TestRatio = 0.2, TestOnGlobalUpdates = true, TestOnLocalUpdates = true },
            });
            state = reply.StateId;
        }

        for (int round = 0; round < 3; round++)
        {
            AssertGone(await unloaded.NextAsync());
        }
    }

    [Theory]
    [InlineData("init")]
    [InlineData("train")]
    [InlineData("dispose")]
    public async Task PlanUnloaded_AfterThePlanThrew_TheContextIsGone(string where)
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        using var unloaded = new Unloadings(harness.Node);

        await harness.TrainAsync(harness.Request(new JsonObject { ["throw"] = where }));

        AssertGone(await unloaded.NextAsync());
    }

    [Fact]
    public async Task PlanUnloaded_AfterAPlanThatWaited_TheContextIsGone()
    {
        using var gate = new PlanGate();
        await using NodeHarness harness = await NodeHarness.StartAsync();
        using var unloaded = new Unloadings(harness.Node);
        harness.Send(harness.Request(gate.Args()));
        await gate.Entered;
        gate.Open();
        await harness.NextReplyAsync();

        AssertGone(await unloaded.NextAsync());
    }

    [Fact]
    public async Task PlanUnloaded_PlanThatHoldsItself_IsReportedAfterTenTries()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        using var unloaded = new Unloadings(harness.Node);

        await harness.TrainAsync(harness.Request(new JsonObject { ["hold"] = "static" }));

        PlanUnloadedEventArgs seen = await unloaded.NextAsync();
        Assert.False(seen.IsUnloaded);
        Assert.Equal((TestPlan.TypeName, NodeHarness.Job), (seen.TypeName, seen.JobId));
        Assert.Contains(harness.Logs.GetSnapshot(), r => r.Id.Id == 1461);
    }

    private static void AssertGone(PlanUnloadedEventArgs seen)
    {
        Assert.True(seen.IsUnloaded);
        Assert.InRange(seen.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    private sealed class Unloadings : IDisposable
    {
        private readonly System.Threading.Channels.Channel<PlanUnloadedEventArgs> _seen =
            System.Threading.Channels.Channel.CreateUnbounded<PlanUnloadedEventArgs>();

        private readonly FederatedNode _node;

        public Unloadings(FederatedNode node)
        {
            _node = node;
            node.PlanUnloaded += OnUnloaded;
        }

        public async Task<PlanUnloadedEventArgs> NextAsync()
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            return await _seen.Reader.ReadAsync(limit.Token);
        }

        public void Dispose() => _node.PlanUnloaded -= OnUnloaded;

        private void OnUnloaded(object? sender, PlanUnloadedEventArgs e) => _seen.Writer.TryWrite(e);
    }
}
