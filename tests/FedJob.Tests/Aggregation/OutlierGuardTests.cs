using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Metrics;
using FedJob.Rounds;
using FedJob.Tests.Jobs;
using Moq;

namespace FedJob.Tests.Aggregation;

/// <summary>Hostile or broken updates, seen from the job: what is not finite never counts, what is far too large is reported, and excluded on request.</summary>
public sealed class OutlierGuardTests : IDisposable
{
    private readonly JobBench _bench = new();

    public static TheoryData<IAggregator> Rules => [.. RuleList.ForSeven.Prepend(new FedAvg()).Select(r => new TheoryDataRow<IAggregator>(r))];

    [Theory]
    [Trait("input", "12")]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public async Task RunRoundAsync_NaNInAnUpdate_IsThatNodesVerdictWithTensorAndIndex(IAggregator rule)
    {
        Send(node => node == 3 ? [1, float.NaN] : node == 5 ? [float.NegativeInfinity, 2] : [node, 1]);
        await using Job job = await CreateAsync(9, rule, OutlierAction.Report, minimum: 7);

        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(RoundOutcome.Degraded, result.Outcome);
        Assert.Equal(VerdictKind.InvalidParameters, Verdict(result, 3).Kind);
        Assert.Contains("'w' holds NaN or infinity at element 1 of 2", Verdict(result, 3).Reason, StringComparison.Ordinal);
        Assert.Contains("'w' holds NaN or infinity at element 0 of 2", Verdict(result, 5).Reason, StringComparison.Ordinal);
        Assert.Equal(7, result.ScreenedUpdates.Count);
        using ModelParameters parameters = job.OpenParameters();
        Assert.True(float.IsFinite(parameters["w"].AsSpan<float>()[0]) && float.IsFinite(parameters["w"].AsSpan<float>()[1]));
    }

    [Fact]
    [Trait("input", "12")]
    public async Task RunRoundAsync_UpdateAMillionTimesLarger_IsReportedByDefaultAndUsed()
    {
        Send(node => node == 2 ? [3e6f, -4e6f] : [3 + (node * 0.1f), 4]);
        await using Job job = await CreateAsync(4, new FedAvg(), action: null);

        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal(["node_1", "node_2", "node_3", "node_4"], result.ScreenedUpdates.Select(s => s.NodeId));
        Assert.Equal([false, true, false, false], result.ScreenedUpdates.Select(s => s.IsOutlier));
        ScreenedUpdate outlier = result.ScreenedUpdates[1];
        Assert.False(outlier.Excluded);
        Assert.Equal(5e6, outlier.Norm, 10d);
        Assert.True(outlier.Score > 1e6);
        Assert.Equal(VerdictKind.Succeeded, Verdict(result, 2).Kind);
        using ModelParameters parameters = job.OpenParameters();
        Assert.True(parameters["w"].AsSpan<float>()[0] > 1e5);
    }

    [Theory]
    [Trait("input", "12")]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public async Task RunRoundAsync_GuardOn_LeavesTheOutlierOut(IAggregator rule)
    {
        Send(node => node == 2 ? [3e6f, -4e6f] : [3, 4]);
        await using Job job = await CreateAsync(8, rule, OutlierAction.Exclude, minimum: 7);
        Subscription<RoundEvent> events = job.SubscribeToEvents();

        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(RoundOutcome.Degraded, result.Outcome);
        NodeVerdict excluded = Verdict(result, 2);
        Assert.Equal((VerdictKind.Excluded, null, null), (excluded.Kind, excluded.SampleCount, excluded.StateId));
        Assert.Contains("outlier: norm 5e+6", excluded.Reason, StringComparison.Ordinal);
        Assert.True(result.ScreenedUpdates[1] is { IsOutlier: true, Excluded: true });
        Assert.Equal(70, result.SampleCount);
        Assert.Null(job.NodeStates.GetLastState("node_2"));
        events.Dispose();
        Assert.Contains(await ReadAsync(events), e => e is { Kind: RoundEventKind.Verdict, NodeId: "node_2", Verdict.Kind: VerdictKind.Excluded });
        using ModelParameters parameters = job.OpenParameters();
        Assert.True(parameters["w"].AsSpan<float>()[0] is > 0 and < 5);
    }

    [Fact]
    [Trait("input", "12")]
    public async Task RunRoundAsync_ExclusionBreaksTheQuorum_FailsTypedAndChangesNothing()
    {
        Send(node => node == 2 ? [3e6f, -4e6f] : [3, 4]);
        await using Job job = await CreateAsync(4, new FedAvg(), OutlierAction.Exclude);
        Uri before = job.ParametersUrl;

        RoundFailedException failed = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new(), JobBench.Token));

        Assert.Equal(FedJobErrorCode.RoundFailed, failed.Code);
        Assert.Contains("needs 4 of 4 participant(s), 3 succeeded. node_2 Excluded: its update is an outlier", failed.Message, StringComparison.Ordinal);
        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Excluded, VerdictKind.Succeeded, VerdictKind.Succeeded], failed.Verdicts.Select(v => v.Kind));
        Assert.Equal((before, 0), (job.ParametersUrl, job.Round));
    }

    [Fact]
    public async Task RunRoundAsync_ExcludedNodeAndKeptFiles_KeepsOnlyTheOthers()
    {
        Send(node => node == 2 ? [3e6f, -4e6f] : [3, 4]);
        JobOptions options = Options(4, new FedAvg(), OutlierAction.Exclude, 3);
        options.KeepReplyFiles = true;
        await using Job job = await _bench.CreateAsync(options);

        await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(["node_1", "node_3", "node_4"], job.ReplyFiles.Keys.Order());
        Assert.Equal(3, Directory.GetFiles(Path.GetDirectoryName(job.ReplyFiles["node_1"])!).Length);
    }

    [Fact]
    public async Task RunRoundAsync_GuardOff_LooksAtNothing()
    {
        await using Job job = await CreateAsync(3, new FedAvg(), OutlierAction.None);

        Assert.Empty((await job.RunRoundAsync(new(), JobBench.Token)).ScreenedUpdates);
    }

    [Theory]
    [Trait("input", "12")]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(1_000_000_000_001)]
    [InlineData(long.MaxValue)]
    public async Task RunRoundAsync_ZeroOrAbsurdSampleCount_IsRejected(long samples)
    {
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, ticket.NodeId == "node_1" ? samples : 10, 1, 1);
        await using Job job = await CreateAsync(3, new FedAvg(), OutlierAction.Report, minimum: 2);

        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(VerdictKind.Rejected, Verdict(result, 1).Kind);
        Assert.Equal(20, result.SampleCount);
    }

    [Fact]
    public async Task CreateAsync_ExclusionOfEncryptedUpdates_IsRefused()
    {
        JobOptions options = Options(3, new FedAvg(), OutlierAction.Exclude, 3);
        options.Aggregator = Mock.Of<IAggregator>(a => a.AcceptsEncrypted && a.Name == "Sum");
        options.SecureAggregation = new SecureAggregationArgs { ServerKeyId = "key_1", BiprimeId = "biprime_1", Random = 0.5, ClippingRange = 3 };

        FedJobException refused = await Assert.ThrowsAsync<FedJobException>(() => _bench.CreateAsync(options));

        Assert.Equal(FedJobErrorCode.EncryptionMismatch, refused.Code);
        Assert.Contains("OutlierGuard", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OutlierAction.Report, 0, 0.25, "Threshold")]
    [InlineData(OutlierAction.Report, double.NaN, 0.25, "Threshold")]
    [InlineData(OutlierAction.Report, 3.5, -1, "MinimumSpread")]
    [InlineData(OutlierAction.Report, 3.5, double.NaN, "MinimumSpread")]
    [InlineData((OutlierAction)9, 3.5, 0.25, "Action")]
    public async Task CreateAsync_GuardOutOfRange_IsRefused(OutlierAction action, double threshold, double spread, string option)
    {
        JobOptions options = Options(3, new FedAvg(), action, 3);
        options.RoundPolicy = options.RoundPolicy with { OutlierGuard = new() { Action = action, Threshold = threshold, MinimumSpread = spread } };

        Assert.Contains(option, (await Assert.ThrowsAsync<ArgumentException>(() => _bench.CreateAsync(options))).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _bench.Dispose();

    private static NodeVerdict Verdict(RoundResult result, int node) => result.Verdicts.Single(v => v.NodeId == $"node_{node}");

    private static async Task<List<RoundEvent>> ReadAsync(Subscription<RoundEvent> events)
    {
        List<RoundEvent> seen = [];
        await foreach (RoundEvent e in events.ReadAllAsync(JobBench.Token))
        {
            seen.Add(e);
        }

        return seen;
    }

    private void Send(Func<int, float[]> weights) => _bench.Node = (ticket, request) => _bench.TrainedAsync(
        ticket, request, 10, weights(int.Parse(ticket.NodeId["node_".Length..], System.Globalization.CultureInfo.InvariantCulture)));

    private JobOptions Options(int nodes, IAggregator rule, OutlierAction? action, int minimum)
    {
        JobOptions options = _bench.Options(nodes);
        options.Aggregator = rule;
        options.RoundPolicy = options.RoundPolicy with { MinimumReplies = Quorum.Count(minimum), Grace = TimeSpan.FromMinutes(1) };
        if (action is { } chosen)
        {
            options.RoundPolicy = options.RoundPolicy with { OutlierGuard = new() { Action = chosen } };
        }

        return options;
    }

    private Task<Job> CreateAsync(int nodes, IAggregator rule, OutlierAction? action, int? minimum = null) =>
        _bench.CreateAsync(Options(nodes, rule, action, minimum ?? nodes));
}
