using System.Globalization;
using FedJob.Protocol.Messages;

namespace FedJob.Testing.Scripting;

/// <summary>Writes what a 4.5 node says, in its field order and with its texts, and hands it to the link.</summary>
internal sealed class ReplyWriter(string nodeId, TimeProvider timeProvider, Func<string, string, Task> send)
{
    public string NodeId => nodeId;

    /// <summary>Sends a reply: the envelope, the fields in the given order, the command.</summary>
    public Task ReplyAsync(string researcherId, string command, params (string Name, object? Value)[] fields)
    {
        var message = new OrderedDictionary<string, object?>(StringComparer.Ordinal) { ["protocol_version"] = "1", ["researcher_id"] = researcherId };
        foreach ((string name, object? value) in fields)
        {
            message[name] = value;
        }

        message["command"] = command;
        return send(command == "add_scalar" ? Topics.Monitoring : Topics.Researchers, PythonText.Dumps(message));
    }

    /// <summary>Sends an error; its number is the whole text of it.</summary>
    public Task ErrorAsync(string researcherId, string number, string text) => send(Topics.Researchers, PythonText.Dumps(
        new OrderedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["command"] = "error",
            ["errnum"] = number,
            ["node_id"] = nodeId,
            ["extra_msg"] = text,
            ["researcher_id"] = researcherId,
            ["protocol_version"] = "1",
        }));

    /// <summary>Sends a log line: JSON inside JSON, and never a researcher.</summary>
    public Task LogAsync(string level, string message)
    {
        string inner = PythonText.Dumps(new OrderedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["asctime"] = timeProvider.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss,fff", CultureInfo.InvariantCulture),
            ["node_id"] = nodeId,
            ["name"] = "fedbiomed",
            ["level"] = level,
            ["message"] = message,
        });
        return send(Topics.Logger, PythonText.Dumps(new OrderedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["command"] = "log",
            ["level"] = level,
            ["msg"] = inner,
            ["node_id"] = nodeId,
            ["researcher_id"] = "<unknown>",
            ["protocol_version"] = "1",
        }));
    }

    /// <summary>Sends the outcome of a train request.</summary>
    public Task TrainAsync(
        OrderedDictionary<string, object?> request, string? stateId, bool success, string parametersUrl, OrderedDictionary<string, object?> timing,
        long? sampleSize, string text) => ReplyAsync(
            (string)request["researcher_id"]!,
            "train",
            ("job_id", request["job_id"]),
            ("state_id", stateId),
            ("success", success),
            ("node_id", nodeId),
            ("dataset_id", success ? request["dataset_id"] : ""),
            ("params_url", parametersUrl),
            ("timing", timing),
            ("sample_size", sampleSize),
            ("msg", text));
}
