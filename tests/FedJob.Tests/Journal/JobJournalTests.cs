using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Journal;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Tests.Jobs;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Journal;

/// <summary>What a job's directory is good for after its job has ended, in the middle of a round or between two.</summary>
public sealed class JobJournalTests : IDisposable
{
    private readonly JobBench _bench = new();

    [Fact]
    public async Task CreateAsync_DirectoryOfAnotherJob_IsRefusedAndThatJobGoesOn()
    {
        await using Job one = await _bench.CreateAsync();

        JournalException refused = await Assert.ThrowsAsync<JournalException>(() => _bench.CreateAsync());

        Assert.Equal((FedJobErrorCode.JobDirectoryInUse, _bench.WorkDirectory), (refused.Code, refused.Path));
        await one.RunRoundAsync(new(), JobBench.Token);
        Assert.Equal(1, one.Round);
    }

    [Fact]
    public async Task ResumeAsync_AfterTwoRounds_GoesOnBitForBit()
    {
        byte[] expected;
        await using (Job whole = await _bench.CreateAsync(_bench.Options(temporary: true)))
        {
            await RunAsync(whole, 3);
            expected = Bits(whole);
        }

        await using (Job first = await _bench.CreateAsync())
        {
            await RunAsync(first, 2);
        }

        await using Job job = await ResumeAsync();
        Assert.Equal((2, 2), (job.Round, job.History.Count));
        Assert.Equal("state_1_node_1", job.NodeStates.GetLastState("node_1"));
        await RunAsync(job, 1);

        Assert.Equal(expected, Bits(job));
    }

    [Fact]
    [Trait("fault", "12")]
    public async Task RunRoundAsync_RoundThatFailed_KeepsTheRepliesAndAsksOnlyTheOthers()
    {
        bool fail = true;
        _bench.Node = (ticket, request) => fail && ticket.NodeId == "node_2"
            ? Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "no GPU"))
            : _bench.TrainedAsync(ticket, request, 10, 4, 6);
        string jobId;
        await using (Job first = await _bench.CreateAsync())
        {
            jobId = first.Id;
            await Assert.ThrowsAsync<RoundFailedException>(() => first.RunRoundAsync(new(), JobBench.Token));
            Assert.True(first.HasOpenRound);
        }

        fail = false;
        await using Job job = await ResumeAsync();
        Assert.True(job.HasOpenRound);
        JobStatus status = JobStore.ReadStatus(_bench.WorkDirectory);
        Assert.Equal((jobId, 0, true), (status.JobId, status.OpenRound!.Round, status.IsRunning));
        Assert.Equal(["node_2"], status.OpenRound.Awaited);
        Assert.Equal([VerdictKind.Succeeded], status.OpenRound.Verdicts.Select(v => v.Kind));
        int before = _bench.Sent.Count;

        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal((RoundOutcome.Completed, 0), (result.Outcome, result.Round));
        Assert.Equal(before + 1, _bench.Sent.Count);
        Assert.False(job.HasOpenRound);
        Assert.Equal([4f, 6f], Weights(job));
    }

    [Fact]
    public async Task RunRoundAsync_OtherArgumentsThanTheOpenRounds_BeginsAnew()
    {
        bool fail = true;
        _bench.Node = (ticket, request) => fail && ticket.NodeId == "node_2"
            ? Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "no GPU"))
            : _bench.TrainedAsync(ticket, request, 10, 4, 6);
        await using Job job = await _bench.CreateAsync();
        await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new(), JobBench.Token));
        fail = false;
        int before = _bench.Sent.Count;
        job.TrainingArgs = new TrainingArgs { Epochs = 2 };

        await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(before + 2, _bench.Sent.Count);
    }

    [Fact]
    public async Task AbandonRoundAsync_OpenRound_TheNextAsksEverybody()
    {
        bool fail = true;
        _bench.Node = (ticket, request) => fail && ticket.NodeId == "node_2"
            ? Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "no GPU"))
            : _bench.TrainedAsync(ticket, request, 10, 4, 6);
        await using Job job = await _bench.CreateAsync();
        await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new(), JobBench.Token));
        fail = false;
        int before = _bench.Sent.Count;

        await job.AbandonRoundAsync(JobBench.Token);

        Assert.False(job.HasOpenRound);
        await job.RunRoundAsync(new(), JobBench.Token);
        Assert.Equal(before + 2, _bench.Sent.Count);
    }

    [Fact]
    [Trait("input", "14")]
    public async Task ResumeAsync_JournalOfANewerVersion_IsRefusedAndUntouched()
    {
        await MakeAsync();
        Execute("PRAGMA user_version = 2");
        byte[] before = await File.ReadAllBytesAsync(JournalPath, JobBench.Token);

        JournalException refused = await Assert.ThrowsAsync<JournalException>(ResumeAsync);

        Assert.Equal(FedJobErrorCode.JournalVersionUnknown, refused.Code);
        Assert.Equal(before, await File.ReadAllBytesAsync(JournalPath, JobBench.Token));
    }

    [Theory]
    [Trait("input", "14")]
    [InlineData("PRAGMA application_id = 5")]
    [InlineData("UPDATE job SET document = '{}'")]
    [InlineData("UPDATE job SET document = replace(document, 'aggregated_params_', '../aggregated_params_')")]
    [InlineData("UPDATE job SET parameters_digest = 'xxh128:00000000000000000000000000000000'")]
    [InlineData("UPDATE history SET document = 'x'")]
    [InlineData("DROP TABLE requests")]
    public async Task ResumeAsync_EditedOrForeignJournal_IsRefused(string edit)
    {
        await MakeAsync();
        Execute(edit);

        JournalException refused = await Assert.ThrowsAsync<JournalException>(ResumeAsync);

        Assert.Equal(FedJobErrorCode.JournalInvalid, refused.Code);
    }

    [Fact]
    public async Task ResumeAsync_FilesOfAKilledProcess_AreRemovedAndNamedOnesKept()
    {
        await MakeAsync();
        string orphan = Path.Combine(_bench.WorkDirectory, "aggregated_params_orphan.mpk");
        string own = Path.Combine(_bench.WorkDirectory, "notes.txt");
        await File.WriteAllTextAsync(orphan, "x", JobBench.Token);
        await File.WriteAllTextAsync(own, "x", JobBench.Token);

        await using Job job = await ResumeAsync();

        Assert.False(File.Exists(orphan));
        Assert.True(File.Exists(own));
        Assert.All(job.History, r => Assert.True(File.Exists(r.ParametersPath)));
    }

    [Fact]
    public void ReadStatus_NoJournal_IsTyped() => Assert.Equal(
        FedJobErrorCode.JournalInvalid, Assert.Throws<JournalException>(() => JobStore.ReadStatus(_bench.WorkDirectory)).Code);

    public void Dispose() => _bench.Dispose();

    private string JournalPath => Path.Combine(_bench.WorkDirectory, "journal.db");

    private static async Task RunAsync(Job job, int rounds)
    {
        await foreach (RoundResult _ in job.RunAsync(rounds, new FedAvg(), cancellationToken: JobBench.Token))
        {
        }
    }

    private static byte[] Bits(Job job)
    {
        using ModelParameters parameters = job.OpenParameters();
        return [.. parameters.SelectMany(p => p.Value.GetBytes(0, (int)p.Value.ByteCount).ToArray())];
    }

    private static float[] Weights(Job job)
    {
        using ModelParameters parameters = job.OpenParameters();
        return parameters["w"].AsSpan<float>().ToArray();
    }

    private async Task MakeAsync()
    {
        await using Job job = await _bench.CreateAsync();
        await RunAsync(job, 1);
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={JournalPath};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // a constant of the test
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private Task<Job> ResumeAsync() => Job.ResumeAsync(
        _bench.Requests.Object,
        _bench.Files,
        _bench.WorkDirectory,
        new ResumeOptions { RoundPolicy = _bench.Options().RoundPolicy },
        NullLoggerFactory.Instance,
        _bench.Time,
        JobBench.Token);
}
