using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

/// <summary>Errors that name nobody, as the collector weighs them.</summary>
public sealed class SuspicionTests : IDisposable
{
    private static readonly RoundPolicy Hour = new() { Deadline = TimeSpan.FromHours(1), PingInterval = TimeSpan.FromHours(2), Retries = 0 };
    private static readonly TimeSpan ErrorPatience = TimeSpan.FromSeconds(2);
    private readonly RoundBench _bench = new();

    [Fact]
    public async Task CollectAsync_SuspicionAtALivingNodeWithOneRequest_Stands()
    {
        Answer("node_1");
        _bench.Say(RoundBench.Error("node_2", "FB300: undetermined node error", "the cause"), suspicion: true);
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour);
        await _bench.Time.PassAsync(ErrorPatience);

        CollectedReply failed = (await collecting)[1];

        Assert.Equal(VerdictKind.TrainingFailed, failed.Verdict.Kind);
        Assert.StartsWith("unattributed: FB300", failed.Verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CollectAsync_SuspicionButTheReplyComes_TheReplyWins()
    {
        Answer("node_1");
        _bench.Say(RoundBench.Error("node_2", "FB300: undetermined node error"), suspicion: true);
        Answer("node_2");

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Succeeded], Kinds(await _bench.CollectAsync()));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task CollectAsync_SuspicionAtADeadNodeOrWithSeveralRequests_DecidesNothing(bool dead, bool only)
    {
        _bench.IsOnly = only;
        if (dead)
        {
            _bench.Dead["node_2"] = 0;
        }

        Answer("node_1");
        _bench.Say(RoundBench.Error("node_2", "FB300: undetermined node error"), suspicion: true);
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour);
        await _bench.Time.PassAsync(ErrorPatience);
        Answer("node_2");

        Assert.Equal(VerdictKind.Succeeded, (await collecting)[1].Verdict.Kind);
    }

    public void Dispose() => _bench.Dispose();

    private static IEnumerable<VerdictKind> Kinds(IReadOnlyList<CollectedReply> replies) => replies.Select(r => r.Verdict.Kind);

    private void Answer(params string[] nodes)
    {
        foreach (string node in nodes)
        {
            _bench.Serve(node);
            _bench.Say(RoundBench.Trained(node));
        }
    }
}
