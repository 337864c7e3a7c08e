using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Checkpoints;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using Microsoft.Data.Sqlite;

namespace FedJob.Journal;

/// <summary>How requests and replies stand in the journal: messages in their wire form.</summary>
internal static class JournalEntries
{
    /// <summary>What inserts a request. All that could fail is done here, not where the batch is written.</summary>
    public static Action<SqliteConnection> Insert(TrainOrder order)
    {
        string message = Encoding.UTF8.GetString(MessageWriter.Write(order.Request));
        string properties = new JsonObject(order.Properties.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))).ToJsonString();
        return db => db.Run(
            "INSERT INTO requests (request_id, round_key, node_id, message, properties) VALUES ($1, 1, $2, $3, $4)",
            order.Ticket.RequestId,
            order.Ticket.NodeId,
            message,
            properties);
    }

    /// <summary>What inserts a reply: the bytes as they came, since what was read once can be read again.</summary>
    public static Action<SqliteConnection> Insert(NodeReply reply, TimeSpan elapsed)
    {
        string? flaw = (reply.Message as UnreadableReply)?.Flaw;
        string? message = null;
        try
        {
            message = flaw is not null ? null : Encoding.UTF8.GetString(reply.Payload.IsEmpty ? MessageWriter.Write(reply.Message) : reply.Payload.Span);
        }
        catch (MessageFormatException unwritable)
        {
            flaw = unwritable.Message;
        }

        return db => db.Run(
            "INSERT OR REPLACE INTO replies (request_id, elapsed_ms, message, flaw, digest) VALUES ($1, $2, $3, $4, $5)",
            reply.Ticket.RequestId,
            (long)elapsed.TotalMilliseconds,
            message,
            flaw,
            reply.ParametersDigest?.ToString());
    }

    /// <summary>What adds the verdict of a reply.</summary>
    public static Action<SqliteConnection> Update(TrainTicket ticket, CollectedReply result, FileDigest? fileDigest)
    {
        string verdict = JsonSerializer.Serialize(HistoryLines.Write(result.Verdict), CheckpointJson.Default.VerdictDocument);
        return db => db.Run(
            "UPDATE replies SET verdict = $2, file = $3, file_digest = $4 WHERE request_id = $1",
            ticket.RequestId,
            verdict,
            result.UpdatePath is null ? null : Path.GetFileName(result.UpdatePath),
            fileDigest?.ToString());
    }

    public static TrainOrder ReadOrder(SqliteDataReader row, string jobId)
    {
        byte[] json = Encoding.UTF8.GetBytes(row.GetString(2));
        if (!MessageReader.TryReadFromResearcher(json, out ResearcherRequest? request, out string? flaw) || request is not TrainRequest train)
        {
            throw new FormatException($"a journalled request is none: {flaw ?? "it is of another kind"}");
        }

        if (train.JobId != jobId)
        {
            throw new FormatException($"a journalled request is of job {train.JobId}, the journal of {jobId}");
        }

        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, JsonNode? value) in JsonNode.Parse(row.GetString(3))!.AsObject())
        {
            properties[name] = value!.GetValue<string>();
        }

        return new TrainOrder(
            new TrainTicket(Identifier.Check(row.GetString(1)), Identifier.Check(row.GetString(0)), jobId, (int)train.Round), train, properties);
    }

    public static JournalledReply ReadReply(SqliteDataReader row, IReadOnlyDictionary<string, TrainTicket> tickets, string folder)
    {
        TrainTicket ticket = tickets[row.GetString(0)];
        string? text = row.TextOrNull(2);
        NodeMessage? message = null;
        string? flaw = row.TextOrNull(3);
        if (text is not null && !MessageReader.TryReadFromNode(Encoding.UTF8.GetBytes(text), out message, out string? wrong))
        {
            throw new FormatException($"a journalled reply is none: {wrong}");
        }

        message ??= new UnreadableReply { ResearcherId = ticket.RequestId, NodeId = ticket.NodeId, Flaw = flaw ?? string.Empty };
        string? verdict = row.TextOrNull(5);
        string? file = row.TextOrNull(6);
        return new JournalledReply(ticket, message, DigestOf(row.TextOrNull(4)), TimeSpan.FromMilliseconds(row.GetInt64(1)))
        {
            Verdict = verdict is null ? null : HistoryLines.Read(JsonSerializer.Deserialize(verdict, CheckpointJson.Default.VerdictDocument)!),
            File = file is null ? null : Path.Combine(folder, Bare(file)),
            FileDigest = DigestOf(row.TextOrNull(7)),
        };
    }

    /// <summary>A file of the job's directory is named without any path.</summary>
    public static string Bare(string name) => name.Length > 0 && Path.GetFileName(name) == name && name is not ("." or "..")
        ? name
        : throw new FormatException($"'{name}' is no bare file name");

    public static FileDigest? DigestOf(string? text) => text is null ? null
        : FileDigest.TryParse(text, out FileDigest? digest) ? digest
        : throw new FormatException($"'{text}' is no digest");
}
