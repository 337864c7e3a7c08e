using System.Text.Json.Nodes;

namespace FedJob.Tests.Messaging;

/// <summary>Messages of nodes as Fed-BioMed's nodes write them, by hand: independent of FedJob's own writer.</summary>
internal static class NodeSays
{
    public static string Pong(string researcher, string node, int sequence) => Message(researcher, node, "pong", new JsonObject
    {
        ["success"] = true,
        ["sequence"] = sequence,
    });

    public static string Found(string researcher, string node, string dataset, params string[] tags) =>
        Databases(researcher, node, "search", [Dataset(dataset, tags, search: true)]);

    public static string Listed(string researcher, string node, params string[] datasets) =>
        Databases(researcher, node, "list", [.. datasets.Select(d => Dataset(d, ["a"], search: false))]);

    public static string Databases(string researcher, string node, string command, JsonObject[] databases) =>
        Message(researcher, node, command, new JsonObject
        {
            ["success"] = true,
            ["databases"] = new JsonArray([.. databases]),
            ["count"] = databases.Length,
        });

    public static JsonObject Dataset(string id, string[] tags, bool search)
    {
        var entry = new JsonObject
        {
            ["name"] = $"name of {id}",
            ["data_type"] = "csv",
            ["tags"] = new JsonArray([.. tags.Select(t => JsonValue.Create(t))]),
            ["description"] = "A table",
            ["shape"] = new JsonArray(190, 31),
            ["dataset_id"] = id,
            ["dataset_parameters"] = null,
        };
        if (search)
        {
            entry["dtypes"] = new JsonArray("float64", "int64");
        }

        return entry;
    }

    public static string Trained(string researcher, string node, string job, string url = "http://repository.test/files/1") =>
        Message(researcher, node, "train", new JsonObject
        {
            ["job_id"] = job,
            ["state_id"] = $"state_of_{node}",
            ["success"] = true,
            ["dataset_id"] = "dataset_1",
            ["params_url"] = url,
            ["timing"] = new JsonObject { ["rtime_training"] = 1.5, ["ptime_training"] = 1.25 },
            ["sample_size"] = 10,
            ["msg"] = string.Empty,
        });

    public static string Error(string researcher, string node, string number, string text = "what went wrong") =>
        Message(researcher, node, "error", new JsonObject { ["errnum"] = number, ["extra_msg"] = text });

    public static string Metric(string researcher, string node, string job, int iteration) => Message(researcher, node, "add_scalar", new JsonObject
    {
        ["job_id"] = job,
        ["train"] = true,
        ["test"] = false,
        ["test_on_local_updates"] = false,
        ["test_on_global_updates"] = false,
        ["metric"] = new JsonObject { ["Loss"] = 0.5 },
        ["epoch"] = 1,
        ["total_samples"] = 38,
        ["batch_samples"] = 38,
        ["num_batches"] = 1,
        ["num_samples_trained"] = 38,
        ["iteration"] = iteration,
    });

    public static string Log(string node, string text) => Message("<unknown>", node, "log", new JsonObject
    {
        ["level"] = "WARNING",
        ["msg"] = new JsonObject
        {
            ["asctime"] = "2026-11-22 20:11:53,718",
            ["node_id"] = node,
            ["name"] = "fedbiomed",
            ["level"] = "WARNING",
            ["message"] = text,
        }.ToJsonString(),
    });

    private static string Message(string researcher, string node, string command, JsonObject fields)
    {
        fields["protocol_version"] = "1";
        fields["researcher_id"] = researcher;
        fields["node_id"] = node;
        fields["command"] = command;
        return fields.ToJsonString();
    }
}
