using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Checkpoints;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Checkpoints;

/// <summary>A checkpoint is there whole, or not at all.</summary>
public sealed class CheckpointDraftTests : IDisposable
{
    private readonly CheckpointBench _bench = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SaveCheckpointAsync_NameTaken_RefusedAndWhatIsThereUnchanged()
    {
        await using Job job = await _bench.TrainAsync(1);
        string checkpoint = await job.SaveCheckpointAsync(_bench.At("checkpoint"), cancellationToken: Token);
        byte[] before = await File.ReadAllBytesAsync(Path.Combine(checkpoint, "checkpoint.json"), Token);
        await CheckpointBench.RunAsync(job, 1);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => job.SaveCheckpointAsync(checkpoint, cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
        Assert.Contains("never overwritten", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(checkpoint, "checkpoint.json"), Token));
        AssertNothingPartial();
    }

    [Fact]
    [Trait("seed", "24")]
    public async Task SaveCheckpointAsync_FailsHalfWay_NothingIsLeft()
    {
        await using Job job = await _bench.TrainAsync(1);
        File.Delete(job.ParametersPath);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => job.SaveCheckpointAsync(_bench.At("checkpoint"), cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, thrown.Code);
        Assert.False(Directory.Exists(_bench.At("checkpoint")));
        AssertNothingPartial();
    }

    [Fact]
    [Trait("input", "14")]
    public async Task SaveCheckpointAsync_Cancelled_NothingIsLeft()
    {
        await using Job job = await _bench.TrainAsync(1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job.SaveCheckpointAsync(_bench.At("checkpoint"), cancellationToken: new CancellationToken(true)));

        Assert.False(Directory.Exists(_bench.At("checkpoint")));
        AssertNothingPartial();
    }

    [Fact]
    [Trait("seed", "24")]
    public async Task ResumeAsync_LeftByAKilledProcess_SaidToBeUnfinished()
    {
        CheckpointDraft draft = CheckpointDraft.Begin(_bench.At("checkpoint"), NullLogger.Instance);
        draft.AddBytes("state.json", "{}"u8);
        string partial = Assert.Single(Directory.GetDirectories(_bench.At(string.Empty), ".checkpoint.*.partial"));

        CheckpointException thrown = await Assert.ThrowsAsync<CheckpointException>(() => _bench.ResumeAsync(partial));

        Assert.Contains("unfinished", thrown.Message, StringComparison.Ordinal);
        draft.Dispose();
        AssertNothingPartial();
    }

    [Fact]
    public async Task SaveCheckpointAsync_TwoOfOneNameAtATime_OneIsWholeAndTheOtherRefused()
    {
        await using Job job = await _bench.TrainAsync(1);
        using CheckpointDraft slow = CheckpointDraft.Begin(_bench.At("checkpoint"), NullLogger.Instance);
        await job.SaveCheckpointAsync(_bench.At("checkpoint"), cancellationToken: Token);

        Assert.Throws<IOException>(() => slow.Commit(files => new CheckpointManifest
        {
            Format = CheckpointManifest.FormatName,
            Version = 1,
            SavedAt = default,
            JobId = "job_other",
            Round = 9,
            TrainingPlanClass = "Plan",
            Files = files,
        }));

        using StoredJob stored = await CheckpointReader.ReadAsync(_bench.At("checkpoint"), Token);
        Assert.Equal(job.Id, stored.State.JobId);
    }

    [Fact]
    public async Task SaveCheckpointAsync_Manifest_NamesEveryFileAndIsPlainJson()
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");

        using JsonDocument manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(checkpoint, "checkpoint.json"), Token));

        IEnumerable<string> named = manifest.RootElement.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()!);
        Assert.Equal(
            Directory.GetFiles(checkpoint).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal),
            named.Append("checkpoint.json").Order(StringComparer.Ordinal));
        Assert.Equal((1, 2), (manifest.RootElement.GetProperty("version").GetInt32(), manifest.RootElement.GetProperty("round").GetInt32()));
    }

    public void Dispose() => _bench.Dispose();

    private void AssertNothingPartial() => Assert.Empty(Directory.GetDirectories(_bench.At(string.Empty), "*.partial"));
}
