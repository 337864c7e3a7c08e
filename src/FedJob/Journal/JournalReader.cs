using System.Text.Json;
using FedJob.Checkpoints;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FedJob.Journal;

/// <summary>Reads a job's journal, all of it before anything of it is used. A journal that is damaged, foreign or newer is refused and not changed.</summary>
internal static class JournalReader
{
    private const string NoJob = "it holds no job, as its process was ended before the job was made; make the job again, here or elsewhere";

    /// <summary>Whether a directory holds a journal.</summary>
    public static bool IsIn(string directory) => File.Exists(PathIn(directory));

    /// <summary>Reads the journal of a directory. Another process may be writing it.</summary>
    /// <exception cref="JournalException">It is damaged, foreign or of another version.</exception>
    public static JournalledJob Read(string directory)
    {
        string path = PathIn(directory);
        try
        {
            using SqliteConnection connection = Open(path);
            if (JournalSchema.IsEmpty(connection))
            {
                throw new FormatException(NoJob);
            }

            JournalSchema.Check(connection, path);
            using SqliteTransaction view = connection.BeginTransaction(deferred: true);
            return Read(connection, directory);
        }
        catch (Exception malformed) when (malformed is SqliteException or JsonException or FormatException or ArgumentException or InvalidOperationException
            or InvalidCastException or KeyNotFoundException or MessageFormatException or OverflowException or NullReferenceException)
        {
            throw JournalSchema.Damaged(path, malformed.Message, malformed);
        }
    }

    /// <summary>Whether a journal was made and never got its job, as its process was ended in between.</summary>
    public static bool HoldsNoJob(string directory)
    {
        string path = PathIn(directory);
        try
        {
            using SqliteConnection connection = Open(path);
            if (JournalSchema.IsEmpty(connection))
            {
                return true;
            }

            JournalSchema.Check(connection, path);
            return connection.Read("SELECT id FROM job", r => r.GetInt64(0)).Count == 0;
        }
        catch (Exception unreadable) when (unreadable is SqliteException or JournalException)
        {
            // Whatever it is, it is not without a job: resuming says what is wrong with it.
            return false;
        }
    }

    private static string PathIn(string directory) => Path.Combine(directory, JournalWriter.FileName);

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite, // reading beside a writer needs its shared memory; nothing is written
            Pooling = false,
        }.ConnectionString);
        bool hasLog = new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };
        connection.Open();
        if (!hasLog)
        {
            return connection;
        }

        // The last connection to close would else move what a killed process left in the write-ahead log into the journal, also in one that is refused.
        _ = raw.sqlite3_db_config(connection.Handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
        return connection;
    }

    private static JournalledJob Read(SqliteConnection connection, string directory)
    {
        JobRow job = connection.Read(
            "SELECT document, plan_url, parameters_url, parameters_digest, auxiliary_variables, aggregator_state, sampler_state, best_parameters FROM job", ReadJob) is [var row]
            ? row
            : throw new FormatException(NoJob);
        return new JournalledJob
        {
            Job = job,
            History = connection.Read("SELECT document FROM history ORDER BY key", r => JsonSerializer.Deserialize(r.GetString(0), CheckpointJson.Default.RoundDocument)!),
            Metrics = connection.Read(
                "SELECT document FROM metrics ORDER BY key",
                r => MetricLines.Read(JsonSerializer.Deserialize(r.GetString(0), CheckpointJson.Default.MetricDocument)!, job.Document.JobId)),
            Open = ReadOpen(connection, job.Document, directory),
        };
    }

    private static JobRow ReadJob(SqliteDataReader row) => new()
    {
        Document = JsonSerializer.Deserialize(row.GetString(0), CheckpointJson.Default.StateDocument)!,
        PlanUrl = new Uri(row.GetString(1)),
        ParametersUrl = new Uri(row.GetString(2)),
        ParametersDigest = JournalEntries.DigestOf(row.GetString(3))!,
        AuxiliaryVariables = BareOrNull(row.TextOrNull(4)),
        AggregatorState = BareOrNull(row.TextOrNull(5)),
        SamplerState = BareOrNull(row.TextOrNull(6)),
        BestParameters = BareOrNull(row.TextOrNull(7)),
    };

    private static OpenRound? ReadOpen(SqliteConnection connection, StateDocument job, string directory)
    {
        List<OpenRound> rounds = connection.Read(
            "SELECT round, training, participants, fingerprint, elapsed_ms, goal FROM rounds",
            r => new OpenRound
            {
                Round = r.GetInt32(0),
                Training = r.GetInt64(1) != 0,
                Participants = [.. r.GetString(2).Split('\n').Select(n => Identifier.Check(n))],
                Fingerprint = r.GetString(3),
                Goal = r.GetInt32(5),
                Elapsed = TimeSpan.FromMilliseconds(r.GetInt64(4)),
                Orders = [],
            });
        if (rounds is not [OpenRound open])
        {
            return rounds.Count == 0 ? null : throw new FormatException("more than one round is open");
        }

        List<TrainOrder> orders = connection.Read(
            "SELECT request_id, node_id, message, properties FROM requests ORDER BY rowid", r => JournalEntries.ReadOrder(r, job.JobId));
        var tickets = orders.ToDictionary(o => o.Ticket.RequestId, o => o.Ticket, StringComparer.Ordinal);
        string folder = Path.Combine(directory, NodeFiles.FolderOf(job.JobId, open.Round));
        return open with
        {
            Orders = orders,
            Replies = connection.Read(
                "SELECT request_id, elapsed_ms, message, flaw, digest, verdict, file, file_digest FROM replies ORDER BY rowid",
                r => JournalEntries.ReadReply(r, tickets, folder)),
        };
    }

    private static string? BareOrNull(string? name) => name is null ? null : JournalEntries.Bare(name);
}
