using FedJob.Abstractions;
using FedJob.IntegrationTests.Federation;
using FedJob.IntegrationTests.Storage;
using FedJob.Journal;
using FedJob.Testing;
using FedJob.TestPlans;
using FedJob.TrainingPlans;
using Microsoft.Data.Sqlite;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Journals that no job can go on from: each is refused with its reason and left byte for byte as it was.</summary>
public sealed class JournalFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("newer", FedJobErrorCode.JournalVersionUnknown)]
    [InlineData("foreign", FedJobErrorCode.JournalInvalid)]
    [InlineData("edited", FedJobErrorCode.JournalInvalid)]
    [InlineData("flipped", FedJobErrorCode.JournalInvalid)]
    [InlineData("text", FedJobErrorCode.JournalInvalid)]
    [Trait("input", "14")]
    public async Task ResumeJobAsync_JournalOfNoUse_IsRefusedAndUntouched(string how, FedJobErrorCode expected)
    {
        using var scratch = new ScratchDirectory();
        await using LocalFederation federation = await TestFederation.StartAsync(("a", [1, 2, 3]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        string journal = await MakeAsync(client, scratch);
        Spoil(journal, how);

        await AssertRefusedAsync(client, scratch, journal, expected);
    }

    [Fact]
    [Trait("input", "14")]
    public async Task ResumeJobAsync_JournalTruncatedAnywhere_IsRefusedAndUntouched()
    {
        using var scratch = new ScratchDirectory();
        await using LocalFederation federation = await TestFederation.StartAsync(("a", [1, 2, 3]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        string journal = await MakeAsync(client, scratch);
        byte[] whole = await File.ReadAllBytesAsync(journal, Token);

        for (int length = whole.Length - 1; length >= 0; length -= Math.Max(1, whole.Length / 40))
        {
            await File.WriteAllBytesAsync(journal, whole[..length], Token);
            await AssertRefusedAsync(client, scratch, journal, FedJobErrorCode.JournalInvalid);
        }
    }

    [Fact]
    [Trait("input", "14")]
    public async Task ResumeJobAsync_NewerJournalOfAKilledProcess_ItsWriteAheadLogIsUntouchedToo()
    {
        using var scratch = new ScratchDirectory();
        await using LocalFederation federation = await TestFederation.StartAsync(("a", [1, 2, 3]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        string journal = await MakeAsync(client, scratch);
        (byte[] closed, byte[] log) = KilledAfter(journal, "PRAGMA user_version = 2");
        await File.WriteAllBytesAsync(journal, closed, Token);
        await File.WriteAllBytesAsync(journal + "-wal", log, Token);

        await AssertRefusedAsync(client, scratch, journal, FedJobErrorCode.JournalVersionUnknown);

        Assert.Equal(log, await File.ReadAllBytesAsync(journal + "-wal", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("fault", "12")]
    public async Task CreateJobAsync_JournalThatNeverGotItsJob_IsReplaced(bool hasTables)
    {
        using var scratch = new ScratchDirectory();
        await using LocalFederation federation = await TestFederation.StartAsync(("a", [1, 2, 3]));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        string journal = await MakeAsync(client, scratch);
        if (hasTables)
        {
            Execute(journal, "DELETE FROM job");
        }
        else
        {
            await File.WriteAllBytesAsync(journal, [], Token);
        }

        await AssertRefusedAsync(client, scratch, journal, FedJobErrorCode.JournalInvalid);
        await MakeAsync(client, scratch);
    }

    /// <summary>Makes a job, runs a round of it and lets it go; tells where its journal is.</summary>
    private static async Task<string> MakeAsync(FedJobClient client, ScratchDirectory scratch)
    {
        await using Job job = await client.CreateJobAsync(
            new JobOptions
            {
                TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
                Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
                TrainingArgs = new TrainingArgs { Epochs = 1 },
                WorkDirectory = scratch.PathOf("job"),
            },
            Token);
        await job.RunRoundAsync(new Rounds.RoundRequest(), Token);
        return Path.Combine(scratch.PathOf("job"), "journal.db");
    }

    private static async Task AssertRefusedAsync(FedJobClient client, ScratchDirectory scratch, string journal, FedJobErrorCode expected)
    {
        byte[] before = await File.ReadAllBytesAsync(journal, Token);

        JournalException refused = await Assert.ThrowsAsync<JournalException>(() => client.ResumeJobAsync(scratch.PathOf("job"), cancellationToken: Token));

        Assert.True(expected == refused.Code, $"{before.Length} bytes: {refused}");
        Assert.Equal(before, await File.ReadAllBytesAsync(journal, Token));
    }

    /// <summary>The journal and its log as a process leaves them that is killed after a change.</summary>
    private static (byte[] Journal, byte[] Log) KilledAfter(string journal, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={journal};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts of this class
        command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; " + sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
        return (File.ReadAllBytes(journal), File.ReadAllBytes(journal + "-wal"));
    }

    private static void Spoil(string journal, string how)
    {
        switch (how)
        {
            case "newer":
                Execute(journal, "PRAGMA user_version = 2");
                break;
            case "foreign":
                Execute(journal, "PRAGMA application_id = 1");
                break;
            case "edited":
                Execute(journal, "UPDATE job SET document = replace(document, '\"Round\"', '\"round\"') || '}'");
                break;
            case "flipped":
                byte[] bytes = File.ReadAllBytes(journal);
                bytes.AsSpan(4096, 2048).Reverse();
                File.WriteAllBytes(journal, bytes);
                break;
            default:
                File.WriteAllText(journal, string.Join('\n', Enumerable.Repeat("this is no database", 500)));
                break;
        }
    }

    private static void Execute(string journal, string sql)
    {
        using (var connection = new SqliteConnection($"Data Source={journal};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts of this class
            command.CommandText = sql + "; PRAGMA wal_checkpoint(TRUNCATE)";
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }
    }
}
