using System.Threading.Channels;
using FedJob.Abstractions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace FedJob.Journal;

/// <summary>
/// The one writer of a journal: what arrives together shares a commit. Commits are safe against the end of the process (write-ahead log, synchronous NORMAL),
/// those marked so also against the loss of power (FULL).
/// </summary>
internal sealed partial class JournalWriter : IAsyncDisposable
{
    /// <summary>The name of the journal in a job's directory.</summary>
    public const string FileName = "journal.db";

    private const int MostPerCommit = 1024;
    private readonly SqliteConnection _connection;
    private readonly string _path;
    private readonly ILogger _logger;
    private readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writing;

    private JournalWriter(SqliteConnection connection, string path, ILogger logger)
    {
        (_connection, _path, _logger) = (connection, path, logger);
        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Opens the journal of a directory, or makes one.</summary>
    /// <param name="directory">The job's directory, whose lease the caller holds.</param>
    /// <param name="create">Whether there must be none yet.</param>
    /// <param name="logger">Where commits are logged.</param>
    public static JournalWriter Open(string directory, bool create, ILogger logger)
    {
        string path = Path.Combine(directory, FileName);
        SqliteConnection? connection = null;
        try
        {
            connection = new SqliteConnection(new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
                Pooling = false,
            }.ConnectionString);
            connection.Open();
            if (!create)
            {
                JournalSchema.Check(connection, path);
            }

            JournalSchema.Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
            if (create)
            {
                JournalSchema.Create(connection);
            }

            return new JournalWriter(connection, path, logger);
        }
        catch (SqliteException failure)
        {
            connection?.Dispose();
            throw create ? Failed(path, failure) : JournalSchema.Damaged(path, failure.Message, failure);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>Writes an entry.</summary>
    /// <param name="what">The entry, for the log.</param>
    /// <param name="write">Writes it; called on the writer's thread, within a transaction.</param>
    /// <param name="flush">Whether the entry must survive the loss of power.</param>
    /// <returns>A task that ends when the entry is durable.</returns>
    /// <exception cref="FedJobException">It could not be written.</exception>
    public Task WriteAsync(string what, Action<SqliteConnection> write, bool flush = false)
    {
        var entry = new Entry(what, write, flush);
        LogWriting(what);
        return _entries.Writer.TryWrite(entry)
            ? entry.Done.Task
            : Task.FromException(new ObjectDisposedException(nameof(JournalWriter), "The job was disposed; its journal takes no further entry."));
    }

    /// <summary>Writes an entry that nobody waits for.</summary>
    public void Post(string what, Action<SqliteConnection> write) => _entries.Writer.TryWrite(new Entry(what, write, Flush: false));

    public async ValueTask DisposeAsync()
    {
        if (_entries.Writer.TryComplete())
        {
            await _writing.ConfigureAwait(false);
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static FedJobException Failed(string path, Exception failure) => new(
        FedJobErrorCode.LocalFileFailed, $"The journal '{path}' cannot be written: {failure.Message} What it holds is intact; make room or mend the disk and resume the job.", failure);

    private async Task WriteAllAsync()
    {
        var batch = new List<Entry>();
        while (await _entries.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            batch.Clear();
            while (batch.Count < MostPerCommit && _entries.Reader.TryRead(out Entry? entry))
            {
                batch.Add(entry);
            }

            Commit(batch);
        }
    }

    private void Commit(List<Entry> batch)
    {
        try
        {
            JournalSchema.Execute(_connection, batch.Exists(e => e.Flush) ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            using SqliteTransaction transaction = _connection.BeginTransaction();
            foreach (Entry entry in batch)
            {
                entry.Write(_connection);
            }

            transaction.Commit();
        }
        catch (Exception failure)
        {
            // The transaction is rolled back by its disposal: none of the batch is there, and whoever waits for one of it learns it.
            LogFailed(_path, failure.Message);
            batch.ForEach(e => e.Done.TrySetException(Failed(_path, failure)));
            return;
        }

        foreach (Entry entry in batch)
        {
            LogWritten(entry.What);
            entry.Done.TrySetResult();
        }
    }

    [LoggerMessage(1050, LogLevel.Trace, "Journal: {What} is to be written")]
    private partial void LogWriting(string what);

    [LoggerMessage(1051, LogLevel.Debug, "Journal: {What} written")]
    private partial void LogWritten(string what);

    [LoggerMessage(1052, LogLevel.Error, "The journal {Path} cannot be written: {Reason}")]
    private partial void LogFailed(string path, string reason);

    private sealed record Entry(string What, Action<SqliteConnection> Write, bool Flush)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
