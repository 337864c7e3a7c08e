using System.Text.Json;
using FedJob.Checkpoints;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace FedJob.Journal;

/// <summary>
/// The journal of one job: the job between its rounds, and of the round that runs every request before it is sent and every reply when it arrives. What it
/// holds is enough to continue that round in another process.
/// </summary>
internal sealed class JobJournal : IRoundJournal, IAsyncDisposable
{
    private readonly JournalWriter _writer;
    private readonly int _metricCapacity;
    private readonly Lock _lock = new();
    private readonly List<TrainOrder> _orders = [];
    private readonly Dictionary<string, JournalledReply> _replies = new(StringComparer.Ordinal);
    private OpenRound? _open;

    private JobJournal(JournalWriter writer, int metricCapacity) => (_writer, _metricCapacity) = (writer, metricCapacity);

    /// <inheritdoc/>
    public OpenRound? Open
    {
        get
        {
            lock (_lock)
            {
                return _open is null ? null : _open with { Orders = [.. _orders], Replies = [.. _replies.Values.OrderBy(r => r.Elapsed)] };
            }
        }
    }

    /// <summary>Makes the journal of a new job.</summary>
    public static JobJournal Create(string directory, int metricCapacity, ILogger logger) =>
        new(JournalWriter.Open(directory, create: true, logger), metricCapacity);

    /// <summary>Removes a journal that no job came of.</summary>
    public static void Delete(string directory)
    {
        foreach (string end in new[] { string.Empty, "-wal", "-shm" })
        {
            File.Delete(Path.Combine(directory, JournalWriter.FileName + end));
        }
    }

    /// <summary>Goes on with the journal of a job.</summary>
    public static JobJournal Continue(string directory, OpenRound? open, int metricCapacity, ILogger logger)
    {
        var journal = new JobJournal(JournalWriter.Open(directory, create: false, logger), metricCapacity);
        journal.Remember(open);
        return journal;
    }

    /// <summary>Notes the job as it stands between two rounds.</summary>
    public Task SaveAsync(JobRow job) => _writer.WriteAsync("the job", db => Save(db, job), flush: true);

    /// <summary>Notes a job that was taken up from elsewhere, with its rounds and metrics of before.</summary>
    public Task TakeUpAsync(JobRow job, IReadOnlyList<RoundDocument> history, IReadOnlyList<NodeMetric> metrics) => _writer.WriteAsync(
        "the job as taken up",
        db =>
        {
            Save(db, job);
            foreach (RoundDocument result in history)
            {
                Append(db, "history", JsonSerializer.Serialize(result, CheckpointJson.Default.RoundDocument));
            }

            foreach (NodeMetric metric in metrics)
            {
                Append(db, "metrics", JsonSerializer.Serialize(MetricLines.Write(metric), CheckpointJson.Default.MetricDocument));
            }
        },
        flush: true);

    /// <summary>Notes that the round is over and what became of the job: durable even without power.</summary>
    /// <param name="job">The job as it is from now on.</param>
    /// <param name="result">The round.</param>
    /// <param name="files">The files it names that are new; they are made durable before.</param>
    public async Task CommitAsync(JobRow job, RoundDocument result, IReadOnlyList<string> files)
    {
        await _writer.WriteAsync(
            $"round {result.Round} as committed",
            db =>
            {
                foreach (string path in files)
                {
                    JobFiles.FlushToDisk(path);
                }

                Save(db, job);
                Append(db, "history", JsonSerializer.Serialize(result, CheckpointJson.Default.RoundDocument));
                CloseRounds(db);
                db.Run("DELETE FROM metrics WHERE key <= (SELECT MAX(key) FROM metrics) - $1", _metricCapacity);
            },
            flush: true).ConfigureAwait(false);
        Remember(null);
    }

    /// <summary>Notes what was found out of the last round after its commit.</summary>
    public Task ReviseAsync(JobRow job, RoundDocument result) => _writer.WriteAsync(
        $"what round {result.Round} is worth",
        db =>
        {
            Save(db, job);
            db.Run(
                "UPDATE history SET document = $1 WHERE key = (SELECT MAX(key) FROM history WHERE json_extract(document, '$.round') = $2)",
                JsonSerializer.Serialize(result, CheckpointJson.Default.RoundDocument),
                result.Round);
        });

    /// <summary>Notes a metric; nobody waits for it. Should the disk be full, the log says so, and the next entry fails too.</summary>
    public void AddMetric(NodeMetric metric) => _writer.Post(
        "a metric",
        db => Append(db, "metrics", JsonSerializer.Serialize(MetricLines.Write(metric), CheckpointJson.Default.MetricDocument)));

    /// <inheritdoc/>
    public async Task BeginAsync(OpenRound round)
    {
        Action<SqliteConnection>[] inserts = [.. round.Orders.Select(JournalEntries.Insert)];
        await _writer.WriteAsync(
            $"round {round.Round} with {round.Participants.Count} participant(s)",
            db =>
            {
                CloseRounds(db);
                db.Run(
                    "INSERT INTO rounds (key, round, training, goal, participants, fingerprint, elapsed_ms) VALUES (1, $1, $2, $3, $4, $5, 0)",
                    round.Round,
                    round.Training ? 1 : 0,
                    round.Goal,
                    Names(round.Participants),
                    round.Fingerprint);
                foreach (Action<SqliteConnection> insert in inserts)
                {
                    insert(db);
                }
            },
            flush: true).ConfigureAwait(false);
        Remember(round);
    }

    /// <inheritdoc/>
    public async Task ContinueAsync(IReadOnlyList<string> participants, TimeSpan elapsed)
    {
        await _writer.WriteAsync(
            "the open round as continued",
            db => db.Run("UPDATE rounds SET participants = $1, elapsed_ms = $2 WHERE key = 1", Names(participants), Milliseconds(elapsed)),
            flush: true).ConfigureAwait(false);
        lock (_lock)
        {
            _open = _open! with { Participants = participants, Elapsed = elapsed };
        }
    }

    /// <inheritdoc/>
    public async Task AddRequestAsync(TrainOrder order)
    {
        await _writer.WriteAsync($"request {order.Ticket.RequestId} to {order.Ticket.NodeId}", JournalEntries.Insert(order)).ConfigureAwait(false);
        lock (_lock)
        {
            _orders.Add(order);
        }
    }

    /// <inheritdoc/>
    public async Task AddReplyAsync(NodeReply reply, TimeSpan elapsed)
    {
        Action<SqliteConnection> insert = JournalEntries.Insert(reply, elapsed);
        await _writer.WriteAsync(
            $"the reply of {reply.Ticket.NodeId}",
            db =>
            {
                insert(db);
                db.Run("UPDATE rounds SET elapsed_ms = MAX(elapsed_ms, $1) WHERE key = 1", Milliseconds(elapsed));
            }).ConfigureAwait(false);
        lock (_lock)
        {
            _replies[reply.Ticket.RequestId] = new JournalledReply(reply.Ticket, reply.Message, reply.ParametersDigest, elapsed);
        }
    }

    /// <inheritdoc/>
    public async Task AddVerdictAsync(TrainTicket ticket, CollectedReply result, FileDigest? fileDigest)
    {
        await _writer.WriteAsync(
            $"the verdict of {ticket.NodeId}, {result.Verdict.Kind}", JournalEntries.Update(ticket, result, fileDigest)).ConfigureAwait(false);
        lock (_lock)
        {
            if (_replies.TryGetValue(ticket.RequestId, out JournalledReply? reply))
            {
                _replies[ticket.RequestId] = reply with { Verdict = result.Verdict, File = result.UpdatePath, FileDigest = fileDigest };
            }
        }
    }

    /// <inheritdoc/>
    public async Task SuspendAsync()
    {
        await _writer.WriteAsync(
            "the open round as to be run again",
            db =>
            {
                db.Run(
                    "DELETE FROM requests WHERE request_id IN (SELECT request_id FROM replies "
                    + "WHERE verdict IS NOT NULL AND json_extract(verdict, '$.kind') NOT IN ('Succeeded', 'DownloadFailed'))");
                db.Run("UPDATE rounds SET elapsed_ms = 0 WHERE key = 1");
            }).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (JournalledReply failed in _replies.Values
                .Where(r => r.Verdict is { Kind: not (VerdictKind.Succeeded or VerdictKind.DownloadFailed) }).ToArray())
            {
                _replies.Remove(failed.Ticket.RequestId);
                _orders.RemoveAll(o => o.Ticket.RequestId == failed.Ticket.RequestId);
            }

            _open = _open is null ? null : _open with { Elapsed = TimeSpan.Zero };
        }
    }

    /// <inheritdoc/>
    public async Task KeepTimeAsync(TimeSpan elapsed)
    {
        await _writer.WriteAsync("the time used", db => db.Run("UPDATE rounds SET elapsed_ms = $1 WHERE key = 1", Milliseconds(elapsed))).ConfigureAwait(false);
        lock (_lock)
        {
            _open = _open is null ? null : _open with { Elapsed = elapsed };
        }
    }

    /// <summary>Notes that the open round is given up: its replies are used no more.</summary>
    public async Task AbandonAsync()
    {
        await _writer.WriteAsync("the open round as given up", CloseRounds).ConfigureAwait(false);
        Remember(null);
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private static void Save(SqliteConnection db, JobRow job) => db.Run(
        "INSERT OR REPLACE INTO job (id, document, plan_url, parameters_url, parameters_digest, auxiliary_variables, aggregator_state, sampler_state, best_parameters) "
        + "VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8)",
        JsonSerializer.Serialize(job.Document, CheckpointJson.Default.StateDocument),
        job.PlanUrl.AbsoluteUri,
        job.ParametersUrl.AbsoluteUri,
        job.ParametersDigest.ToString(),
        job.AuxiliaryVariables,
        job.AggregatorState,
        job.SamplerState,
        job.BestParameters);

    private static void Append(SqliteConnection db, string table, string document) => db.Run($"INSERT INTO {table} (document) VALUES ($1)", document);

    private static void CloseRounds(SqliteConnection db)
    {
        db.Run("DELETE FROM replies");
        db.Run("DELETE FROM requests");
        db.Run("DELETE FROM rounds");
    }

    private static string Names(IEnumerable<string> nodes) => string.Join('\n', nodes);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private void Remember(OpenRound? round)
    {
        lock (_lock)
        {
            _orders.Clear();
            _replies.Clear();
            _open = round;
            _orders.AddRange(round?.Orders ?? []);
            foreach (JournalledReply reply in round?.Replies ?? [])
            {
                _replies[reply.Ticket.RequestId] = reply;
            }
        }
    }
}
