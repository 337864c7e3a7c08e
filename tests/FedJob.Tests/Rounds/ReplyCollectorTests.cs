using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using Moq;

namespace FedJob.Tests.Rounds;

public sealed class ReplyCollectorTests : IDisposable
{
    private static readonly RoundPolicy Hour = new() { Deadline = TimeSpan.FromHours(1), PingInterval = TimeSpan.FromHours(2) };
    private static readonly TimeSpan ErrorPatience = TimeSpan.FromSeconds(2);
    private readonly RoundBench _bench = new();

    [Fact]
    [Trait("seed", "8")]
    public async Task CollectAsync_AllSucceed_EndsAtOnce()
    {
        Answer("node_1", "node_2");

        IReadOnlyList<CollectedReply> replies = await _bench.CollectAsync();

        Assert.Equal(["node_1", "node_2"], replies.Select(r => r.Verdict.NodeId));
        Assert.All(replies, r => Assert.Equal(VerdictKind.Succeeded, r.Verdict.Kind));
        Assert.Equal("state_of_node_1", replies[0].Verdict.StateId);
        Assert.All(replies, r => Assert.True(File.Exists(r.UpdatePath)));
    }

    [Fact]
    [Trait("seed", "1")]
    public async Task CollectAsync_SilentNodeAtTheDeadline_TimedOutBesideTheOthers()
    {
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour);
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");

        _bench.Time.Advance(Hour.Deadline);

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.TimedOut], Kinds(await collecting));
    }

    [Fact]
    public async Task CollectAsync_QuorumWithoutGrace_EndsWithoutTheOthers()
    {
        Answer("node_1");

        IReadOnlyList<CollectedReply> replies = await _bench.CollectAsync(Hour with { MinimumReplies = Quorum.Count(1) });

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.NotNeeded], Kinds(replies));
        Assert.Contains("had its 1 replies", replies[1].Verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CollectAsync_QuorumWithGrace_WaitsSoLongForTheOthers()
    {
        var grace = TimeSpan.FromMinutes(3);
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour with { MinimumReplies = Quorum.Count(1), Grace = grace });
        await _bench.Time.TimerOfAsync(grace);

        _bench.Time.Advance(grace - TimeSpan.FromTicks(1));
        Assert.False(collecting.IsCompleted);
        _bench.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.NotNeeded], Kinds(await collecting));
    }

    [Fact]
    public async Task CollectAsync_ReplyWithinTheGrace_IsUsed()
    {
        var grace = TimeSpan.FromMinutes(3);
        Answer("node_1");
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour with { MinimumReplies = Quorum.Count(1), Grace = grace });
        await _bench.Time.TimerOfAsync(grace);

        Answer("node_2");

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Succeeded], Kinds(await collecting));
    }

    [Fact]
    public async Task CollectAsync_ErrorThenTrainFailure_GivesBothTexts()
    {
        Answer("node_1");
        _bench.Say(RoundBench.Error("node_2", "FB300: undetermined node error", "the cause"));
        _bench.Say(RoundBench.Failed("node_2", "could not train"));

        CollectedReply failed = (await _bench.CollectAsync())[1];

        Assert.Equal(VerdictKind.TrainingFailed, failed.Verdict.Kind);
        Assert.Equal("could not train (FB300: undetermined node error: the cause)", failed.Verdict.Reason);
    }

    [Fact]
    public async Task CollectAsync_ErrorAlone_StandsAfterTwoSeconds()
    {
        Answer("node_1");
        _bench.Say(RoundBench.Error("node_2", "FB300: undetermined node error", "the cause"));
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour);
        await _bench.Time.PassAsync(ErrorPatience);

        CollectedReply failed = (await collecting)[1];

        Assert.Equal(VerdictKind.TrainingFailed, failed.Verdict.Kind);
        Assert.Equal("FB300: undetermined node error: the cause", failed.Verdict.Reason);
    }

    [Fact]
    public async Task CollectAsync_DeadlineWithinTheErrorsPatience_TheErrorIsTheVerdict()
    {
        Answer("node_1");
        _bench.Say(RoundBench.Error("node_2", "FB300: undetermined node error", "the cause"));
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour with { Deadline = TimeSpan.FromSeconds(1) });
        await _bench.Time.TimerOfAsync(ErrorPatience);
        _bench.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(VerdictKind.TrainingFailed, (await collecting)[1].Verdict.Kind);
    }

    [Theory]
    [InlineData("FB301: Protocol error")]
    [InlineData("FB313: no dataset matching request")]
    public async Task CollectAsync_ErrorThatEndsTheRequest_EndsItAtOnce(string number)
    {
        Answer("node_1");
        _bench.Say(RoundBench.Error("node_2", number));

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.TrainingFailed], Kinds(await _bench.CollectAsync()));
    }

    [Fact]
    public async Task CollectAsync_FarewellOfAStoppingNode_DecidesNothing()
    {
        _bench.Say(RoundBench.Error("node_2", "FB312: Node stopped in SIGTERM signal handler"));
        Answer("node_1", "node_2");

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Succeeded], Kinds(await _bench.CollectAsync()));
    }

    [Fact]
    [Trait("seed", "2")]
    [Trait("seed", "6")]
    [Trait("input", "4")]
    public async Task CollectAsync_TwoTerminalReplies_TheFirstWins()
    {
        _bench.Say(RoundBench.Failed("node_1", "first"));
        Answer("node_1", "node_2");

        IReadOnlyList<CollectedReply> replies = await _bench.CollectAsync();

        Assert.Equal([VerdictKind.TrainingFailed, VerdictKind.Succeeded], Kinds(replies));
    }

    [Fact]
    [Trait("seed", "2")]
    [Trait("input", "4")]
    public async Task CollectAsync_SuccessThenError_StaysASuccess()
    {
        Answer("node_1");
        _bench.Say(RoundBench.Error("node_1", "FB301: Protocol error"));
        Answer("node_2");

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Succeeded], Kinds(await _bench.CollectAsync()));
    }

    [Fact]
    public async Task CollectAsync_DownloadAfterTheDeadline_GoesOnForItsGraceOnly()
    {
        RoundPolicy policy = Hour with { DownloadGrace = TimeSpan.FromMinutes(5) };
        Task begun = _bench.ServeForever("node_2");
        Answer("node_1");
        _bench.Say(RoundBench.Trained("node_2"));
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(policy);
        await begun;
        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_1");
        _bench.Time.Advance(policy.Deadline);
        await _bench.Time.TimerOfAsync(policy.DownloadGrace);
        Assert.False(collecting.IsCompleted);

        _bench.Time.Advance(policy.DownloadGrace);

        CollectedReply slow = (await collecting)[1];
        Assert.Equal(VerdictKind.DownloadFailed, slow.Verdict.Kind);
        Assert.NotNull(slow.Verdict.ReplyTime);
    }

    [Fact]
    public async Task CollectAsync_AllDownloadSlotsTaken_FailuresAreStillJudgedAtOnce()
    {
        Task begun = _bench.ServeForever("node_1");
        _bench.Say(RoundBench.Trained("node_1"));
        using var cancel = new CancellationTokenSource();
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(Hour with { DownloadParallelism = 1 }, token: cancel.Token);
        await begun;

        _bench.Say(RoundBench.Failed("node_2", "could not train"));

        await _bench.AnnouncedAsync(RoundEventKind.Verdict, "node_2");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collecting);
    }

    [Fact]
    public async Task CollectAsync_Cancelled_EndsTheDownloadsToo()
    {
        var ended = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        _bench.Serve("node_1", async (_, stop) =>
        {
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, stop);
            }
            finally
            {
                ended.SetResult();
            }

            throw new InvalidOperationException();
        });
        _bench.Say(RoundBench.Trained("node_1"));
        using var cancel = new CancellationTokenSource();
        Task<IReadOnlyList<CollectedReply>> collecting = _bench.CollectAsync(token: cancel.Token);
        await begun.Task;

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collecting);
        Assert.True(ended.Task.IsCompleted);
    }

    [Fact]
    public async Task CollectAsync_OurOwnFailure_FailsTheRound()
    {
        Answer("node_1");
        _bench.Serve("node_2", (_, _) => throw new FedJobException(FedJobErrorCode.LocalFileFailed, "the disk is full"));
        _bench.Say(RoundBench.Trained("node_2"));

        FedJobException failed = await Assert.ThrowsAsync<FedJobException>(() => _bench.CollectAsync());

        Assert.Equal("the disk is full", failed.Message);
    }

    [Fact]
    public async Task CollectAsync_ConnectionLostWhileAwaiting_FailsWithItsReason()
    {
        Answer("node_1");
        _bench.LoseConnection(new MessagingException(FedJobErrorCode.ConnectionClosed, "gone"));

        Assert.Equal("gone", (await Assert.ThrowsAsync<MessagingException>(() => _bench.CollectAsync())).Message);
    }

    [Fact]
    public async Task CollectAsync_ConnectionLostAfterTheLastReply_TheRoundStillSucceeds()
    {
        Answer("node_1", "node_2");
        _bench.LoseConnection(new MessagingException(FedJobErrorCode.ConnectionClosed, "gone"));

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.Succeeded], Kinds(await _bench.CollectAsync()));
    }

    [Fact]
    [Trait("seed", "4")]
    public async Task CollectAsync_OneDownloadFails_OnlyThatNodeFails()
    {
        Answer("node_1");
        _bench.Serve("node_2", (_, _) => throw new RepositoryException(FedJobErrorCode.RepositoryRefused, "404"));
        _bench.Say(RoundBench.Trained("node_2"));

        Assert.Equal([VerdictKind.Succeeded, VerdictKind.DownloadFailed], Kinds(await _bench.CollectAsync()));
    }

    [Fact]
    public async Task CollectAsync_ValidationOnly_NeedsNoFile()
    {
        _bench.Say(RoundBench.Trained("node_1") with { ParametersUrl = string.Empty, SampleCount = null, StateId = null });
        _bench.Say(RoundBench.Trained("node_2") with { ParametersUrl = string.Empty, SampleCount = null, StateId = null });

        IReadOnlyList<CollectedReply> replies = await _bench.CollectAsync(training: false);

        Assert.All(replies, r => Assert.Equal((VerdictKind.Succeeded, null), (r.Verdict.Kind, r.UpdatePath)));
        _bench.Repository.Verify(r => r.DownloadAsync(It.IsAny<DownloadRequest>(), It.IsAny<CancellationToken>()), Times.Never);
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
