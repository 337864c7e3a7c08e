using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;
using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

public sealed class ReplyProcessorTests : IDisposable
{
    private static readonly NodeVerdict Known = new() { NodeId = "node_1", Kind = VerdictKind.NotNeeded, ReplyTime = TimeSpan.FromSeconds(4) };
    private readonly RoundBench _bench = new(1);

    [Fact]
    public async Task DownloadAsync_SoundUpdate_SucceedsWithItsFigures()
    {
        _bench.Serve("node_1");

        CollectedReply reply = await DownloadAsync();

        Assert.Equal(VerdictKind.Succeeded, reply.Verdict.Kind);
        Assert.Null(reply.Verdict.Reason);
        Assert.Equal(10, reply.Verdict.SampleCount);
        Assert.Equal(TimeSpan.FromSeconds(4), reply.Verdict.ReplyTime);
        Assert.Equal(TimeSpan.FromSeconds(1.5), reply.Verdict.TrainingTime);
        Assert.NotNull(reply.Verdict.DownloadTime);
        Assert.Equal(new FileInfo(reply.UpdatePath!).Length, reply.Verdict.DownloadedBytes);
        Assert.Equal("state_of_node_1", reply.Verdict.StateId);
    }

    [Fact]
    public async Task DownloadAsync_Request_HasAPathOfItsOwnAndALimit()
    {
        DownloadRequest? asked = null;
        _bench.Serve("node_1", (request, _) =>
        {
            asked = request;
            throw new RepositoryException(FedJobErrorCode.FileTooLarge, "too large");
        });

        Assert.Equal(VerdictKind.DownloadFailed, (await DownloadAsync()).Verdict.Kind);

        Assert.Equal(_bench.RoundDirectory, Path.GetDirectoryName(asked!.DestinationPath));
        Assert.DoesNotContain("node_1", Path.GetFileName(asked.DestinationPath), StringComparison.Ordinal);
        Assert.InRange(asked.MaximumBytes!.Value, 1, 100L << 20);
    }

    [Theory]
    [InlineData(FedJobErrorCode.UrlNotAllowed, VerdictKind.Rejected)]
    [InlineData(FedJobErrorCode.TransferInterrupted, VerdictKind.DownloadFailed)]
    [InlineData(FedJobErrorCode.DigestMismatch, VerdictKind.DownloadFailed)]
    public async Task DownloadAsync_RepositoryRefuses_IsThatNodesFailure(FedJobErrorCode code, VerdictKind kind)
    {
        _bench.Serve("node_1", (_, _) => throw new RepositoryException(code, "the reason"));

        CollectedReply reply = await DownloadAsync();

        Assert.Equal((kind, "the reason"), (reply.Verdict.Kind, reply.Verdict.Reason));
        Assert.NotNull(reply.Verdict.DownloadTime);
    }

    [Fact]
    public async Task DownloadAsync_OwnDiskFails_IsNoNodesFailure()
    {
        _bench.Serve("node_1", (_, _) => throw new RepositoryException(FedJobErrorCode.LocalFileFailed, "the disk is full"));

        await Assert.ThrowsAsync<RepositoryException>(DownloadAsync);
    }

    [Fact]
    [Trait("seed", "15")]
    public async Task DownloadAsync_NoParameterFile_IsInvalidWithItsFigures()
    {
        _bench.Serve("node_1", async (request, stop) =>
        {
            await File.WriteAllTextAsync(request.DestinationPath, "<html>404</html>", stop);
            return new DownloadedFile(request.DestinationPath, 16, new FileDigest(DigestAlgorithm.XxHash128, new string('0', 32)));
        });

        CollectedReply reply = await DownloadAsync();

        Assert.Equal(VerdictKind.InvalidParameters, reply.Verdict.Kind);
        Assert.Equal(16, reply.Verdict.DownloadedBytes);
        Assert.NotNull(reply.Verdict.DownloadTime);
    }

    [Fact]
    public async Task DownloadAsync_FileThatNamesAnotherNodeOrJob_IsUsedAndToldInTheLog()
    {
        // The reply was matched; a node that answers with a file it made before a job can only name another job in it.
        _bench.Serve("node_1", fileNode: "node_9", job: "job_9");

        Assert.Equal(VerdictKind.Succeeded, (await DownloadAsync()).Verdict.Kind);

        Assert.Contains("node node_9, job job_9", _bench.Logger.LatestRecord.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("seed", "15")]
    public async Task DownloadAsync_NaN_IsInvalidNamingTensorAndIndex()
    {
        _bench.Serve("node_1", RoundBench.Weights(1, float.NaN));

        CollectedReply reply = await DownloadAsync();

        Assert.Equal(VerdictKind.InvalidParameters, reply.Verdict.Kind);
        Assert.Contains("'w' holds NaN or infinity at element 1 of 2", reply.Verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0L)]
    [InlineData(-3L)]
    [InlineData(long.MaxValue)]
    [Trait("input", "7")]
    public void Judge_AbsurdSampleCount_IsRejectedNamingTheField(long? samples) =>
        AssertJudged(VerdictKind.Rejected, "sample_size is " + (samples?.ToString(null, null) ?? "null"), RoundBench.Trained("node_1") with { SampleCount = samples });

    [Fact]
    public void Judge_OtherDatasetOrNoUrl_IsRejected()
    {
        AssertJudged(VerdictKind.Rejected, "dataset 'dataset_9'", RoundBench.Trained("node_1") with { DatasetId = "dataset_9" });
        AssertJudged(VerdictKind.Rejected, "params_url 'file.mpk'", RoundBench.Trained("node_1") with { ParametersUrl = "file.mpk" });
    }

    [Fact]
    public void Judge_Failures_GiveTheNodesWords()
    {
        AssertJudged(VerdictKind.TrainingFailed, "no GPU", RoundBench.Failed("node_1", "no GPU"));
        AssertJudged(VerdictKind.TrainingFailed, "the node gave no reason", RoundBench.Failed("node_1", string.Empty));
        AssertJudged(VerdictKind.TrainingFailed, "FB301: x: text", RoundBench.Error("node_1", "FB301: x"));
        AssertJudged(VerdictKind.TrainingFailed, "FB301: x", RoundBench.Error("node_1", "FB301: x", string.Empty));
        AssertJudged(VerdictKind.Rejected, "pong", new PongReply { ResearcherId = "r", NodeId = "node_1", Success = true, Sequence = 1 });
    }

    [Fact]
    public void Judge_EndlessReason_IsCut()
    {
        string reason = Judge(RoundBench.Failed("node_1", new string('x', 1_000_000)))!.Verdict.Reason!;

        Assert.InRange(reason.Length, 100, 2100);
    }

    [Fact]
    public void Judge_GoodTrainReply_MustBeDownloaded() => Assert.Null(Judge(RoundBench.Trained("node_1")));

    public void Dispose() => _bench.Dispose();

    private static NodeReply Reply(NodeMessage message) => new(RoundBench.Ticket("node_1"), message, 0, null);

    private Task<CollectedReply> DownloadAsync() =>
        _bench.Processor().DownloadAsync(Reply(RoundBench.Trained("node_1")), Known, null, RoundBench.Token);

    private CollectedReply? Judge(NodeMessage message) => _bench.Processor().Judge(Reply(message), Known, before: null);

    private void AssertJudged(VerdictKind kind, string reason, NodeMessage message)
    {
        CollectedReply judged = Judge(message)!;
        Assert.Equal(kind, judged.Verdict.Kind);
        Assert.Contains(reason, judged.Verdict.Reason, StringComparison.Ordinal);
        Assert.Null(judged.UpdatePath);
    }
}
