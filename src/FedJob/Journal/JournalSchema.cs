using System.Globalization;
using FedJob.Abstractions;
using Microsoft.Data.Sqlite;

namespace FedJob.Journal;

/// <summary>The tables of a job's journal, and how a file is told to be one. <c>docs/journal.md</c> describes them for other programs.</summary>
internal static class JournalSchema
{
    /// <summary>The version this code writes and reads; kept in <c>user_version</c>.</summary>
    public const int Version = 1;

    /// <summary>"FJOB" in ASCII; kept in <c>application_id</c>.</summary>
    private const int ApplicationId = 0x464A4F42;

    private const string Tables = """
        CREATE TABLE job (
            id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL,
            plan_url TEXT NOT NULL, parameters_url TEXT NOT NULL, parameters_digest TEXT NOT NULL,
            auxiliary_variables TEXT, best_parameters TEXT, aggregator_state TEXT, sampler_state TEXT) STRICT;
        CREATE TABLE history (key INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;
        CREATE TABLE rounds (
            key INTEGER PRIMARY KEY, round INTEGER NOT NULL, training INTEGER NOT NULL, goal INTEGER NOT NULL, participants TEXT NOT NULL,
            fingerprint TEXT NOT NULL, elapsed_ms INTEGER NOT NULL) STRICT;
        CREATE TABLE requests (
            request_id TEXT PRIMARY KEY, round_key INTEGER NOT NULL REFERENCES rounds (key), node_id TEXT NOT NULL,
            message TEXT NOT NULL, properties TEXT NOT NULL) STRICT;
        CREATE TABLE replies (
            request_id TEXT PRIMARY KEY REFERENCES requests (request_id) ON DELETE CASCADE, elapsed_ms INTEGER NOT NULL, message TEXT, flaw TEXT, digest TEXT,
            verdict TEXT, file TEXT, file_digest TEXT) STRICT;
        CREATE TABLE metrics (key INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;
        """;

    /// <summary>Makes the tables of a new journal.</summary>
    public static void Create(SqliteConnection connection)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        Execute(connection, Tables);
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version};"));
        transaction.Commit();
    }

    /// <summary>Whether a database holds nothing at all: a journal whose process was ended before its tables were there.</summary>
    public static bool IsEmpty(SqliteConnection connection) =>
        Number(connection, "PRAGMA application_id") == 0 && Number(connection, "SELECT count(*) FROM sqlite_schema") == 0;

    /// <summary>Refuses what is no journal of this version; nothing is changed.</summary>
    public static void Check(SqliteConnection connection, string path)
    {
        long application = Number(connection, "PRAGMA application_id");
        if (application != ApplicationId)
        {
            throw new JournalException(
                FedJobErrorCode.JournalInvalid,
                path,
                $"'{path}' is a database of another program (application id {application}); it was not changed. Name the directory of a FedJob job.");
        }

        long version = Number(connection, "PRAGMA user_version");
        if (version != Version)
        {
            throw new JournalException(
                FedJobErrorCode.JournalVersionUnknown,
                path,
                $"The journal '{path}' has version {version}, and this FedJob reads version {Version}; it was not changed. Resume it with the FedJob that wrote it.");
        }

        long tables = Number(connection, "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('job', 'history', 'rounds', 'requests', 'replies', 'metrics')");
        if (tables != 6)
        {
            throw Damaged(path, $"it has {tables} of its 6 tables");
        }

        string verdict = Text(connection, "PRAGMA quick_check(1)");
        if (verdict != "ok")
        {
            throw Damaged(path, verdict);
        }
    }

    public static JournalException Damaged(string path, string how, Exception? cause = null) => new(
        FedJobErrorCode.JournalInvalid,
        path,
        $"The journal '{path}' is damaged: {how}. It was not changed; resume from a checkpoint, or restore the directory from a backup.",
        cause);

    public static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of this class or of the journal
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static long Number(SqliteConnection connection, string sql) => Convert.ToInt64(Scalar(connection, sql), CultureInfo.InvariantCulture);

    private static string Text(SqliteConnection connection, string sql) => Convert.ToString(Scalar(connection, sql), CultureInfo.InvariantCulture) ?? string.Empty;

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}
