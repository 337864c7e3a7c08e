using System.Text.Json.Nodes;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Late, repeated and doubled replies of Python nodes, and errors that end a request or do not.</summary>
public sealed class PythonNodeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_LateReplyOfARoundEndedByQuorum_IsStale(Fleet fleet) => await LateAsync(
        fleet, PythonBench.Policy with { MinimumReplies = Quorum.Count(1) }, VerdictKind.NotNeeded);

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_LateReplyOfARoundEndedByDeadline_IsStale(Fleet fleet)
    {
        var deadline = TimeSpan.FromSeconds(1);
        RoundPolicy policy = PythonBench.Policy with { MinimumReplies = Quorum.Count(1), Deadline = deadline, Grace = deadline };
        await LateAsync(fleet, policy, VerdictKind.TimedOut);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_DuplicateReply_CountsOnce(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        NodeGate b = bench.Gate("b");

        Task<RoundResult> round = bench.RunAsync();
        string reply = (await bench.Raw.NextAsync("train", "a")).ToJsonString();
        await bench.Raw.SayAsync(reply);
        await bench.Raw.SayAsync(reply);
        b.Open();

        Assert.Equal(["a:3", "b:1"], (await round).Verdicts.Select(v => $"{v.NodeId}:{v.SampleCount}"));
        Assert.Equal(PythonBench.Round(0), bench.Mean, 1e-12);
        Assert.Equal(2, bench.Client.Requests.RefusedCount);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ErrorAndFailureOfOneTraining_GiveOneVerdictWithBothTexts(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        NodeGate a = bench.Gate("a");

        Task<RoundResult> round = bench.RunAsync(PythonBench.OneIsEnough);
        EmulatedTask task = await a.BegunAsync();
        JsonObject failure = RawLink.Reply(task, "a", success: false);
        failure["msg"] = "the second text";
        await bench.Raw.SayAsync(RawLink.Error(task.ResearcherId, "a", "FB300: undetermined node error", "the first text"));
        await bench.Raw.SayAsync(failure);

        NodeVerdict verdict = (await round).Verdicts[0];
        Assert.Equal(("a", VerdictKind.TrainingFailed), (verdict.NodeId, verdict.Kind));
        Assert.Contains("the first text", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains("the second text", verdict.Reason, StringComparison.Ordinal);
        Assert.Equal(0, bench.Client.Requests.RefusedCount);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ErrorThatNamesNobody_EndsOnlyItsNodesOneRequest(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        (NodeGate a, NodeGate b) = (bench.Gate("a"), bench.Gate("b"));
        using Subscription<RoundEvent> events = bench.Job.SubscribeToEvents();

        Task<RoundResult> round = bench.RunAsync(PythonBench.OneIsEnough);
        await Task.WhenAll(a.BegunAsync(), b.BegunAsync());
        await bench.Raw.SayAsync(RawLink.Error("NOT_SET", "a", "FB300: undetermined node error", "'NoneType' object"));
        RoundEvent first = await FirstVerdictAsync(events);
        b.Open();

        NodeVerdict[] verdicts = [.. (await round).Verdicts];
        Assert.Equal(("a", VerdictKind.TrainingFailed), (first.NodeId, first.Verdict!.Kind));
        Assert.Equal([VerdictKind.TrainingFailed, VerdictKind.Succeeded], verdicts.Select(v => v.Kind));
        Assert.Contains("unattributed", verdicts[0].Reason, StringComparison.Ordinal);
        Assert.Contains("'NoneType' object", verdicts[0].Reason, StringComparison.Ordinal);
        Assert.Equal(PythonBench.Half(0, 10), bench.Mean, 1e-12);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ErrorThatNamesNobodyWhileTwoJobsAsk_EndsNeither(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        await using Job other = await bench.CreateJobAsync();
        (NodeGate a, NodeGate b) = (bench.Gate("a"), bench.Gate("b"));
        Task<RoundResult> one = bench.RunAsync();
        await Task.WhenAll(a.BegunAsync(), b.BegunAsync());
        using Subscription<RoundEvent> events = other.SubscribeToEvents();
        Task<RoundResult> two = other.RunRoundAsync(new RoundRequest(), Token);
        await NextAsync(events, e => e is { Kind: RoundEventKind.Sent, NodeId: "a" });

        await bench.Raw.SayAsync(RawLink.Error("NOT_SET", "a", "FB300: undetermined node error"));
        a.Open();
        b.Open();

        Assert.Equal((RoundOutcome.Completed, RoundOutcome.Completed), ((await one).Outcome, (await two).Outcome));
        Assert.Equal(1, bench.Client.Requests.RefusedCount);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_UnknownDataset_EndsAtOnceInTheNodesWords(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        await using Job job = await bench.CreateJobAsync(o => o.Data = new FederatedDataset(o.Data.Datasets.Select(
            d => KeyValuePair.Create(d.Key, d.Key == "a" ? d.Value with { DatasetId = "dataset_gone" } : d.Value))));

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));

        Assert.Equal([VerdictKind.TrainingFailed, VerdictKind.Succeeded], thrown.Verdicts.Select(v => v.Kind));
        Assert.StartsWith("FB313", thrown.Verdicts[0].Reason, StringComparison.Ordinal);

        // An error that ends its request needs no 2 s of patience.
        Assert.InRange(thrown.Verdicts[0].ReplyTime!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1.9));
    }

    /// <summary>Node b answers round 0 only in round 1; its stale 5.0 must not stand for the 5.5 of round 1.</summary>
    private static async Task LateAsync(Fleet fleet, RoundPolicy policy, VerdictKind expected)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        NodeGate b = bench.Gate("b");
        RoundResult early = await bench.RunAsync(policy);
        NodeGate a = bench.Gate("a");

        Task<RoundResult> second = bench.RunAsync();
        await a.BegunAsync();
        b.Open();
        a.Open();
        RoundResult late = await second;

        Assert.Equal([VerdictKind.Succeeded, expected], early.Verdicts.Select(v => v.Kind));
        Assert.Equal((RoundOutcome.Degraded, RoundOutcome.Completed), (early.Outcome, late.Outcome));
        Assert.Equal(PythonBench.Round(PythonBench.Half(0, 2)), bench.Mean, 1e-12);
        Assert.Equal(1, bench.Client.Requests.RefusedCount);
    }

    private static Task<RoundEvent> FirstVerdictAsync(Subscription<RoundEvent> events) => NextAsync(events, e => e.Verdict is not null);

    private static async Task<RoundEvent> NextAsync(Subscription<RoundEvent> events, Func<RoundEvent, bool> wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TestTimeouts.Default);
        return await events.ReadAllAsync(limit.Token).FirstAsync(wanted, limit.Token);
    }
}
