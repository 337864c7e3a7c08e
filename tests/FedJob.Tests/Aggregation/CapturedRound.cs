using System.Text.Json;
using FedJob.Tests.Captures;
using FedJob.Tests.Protocol.Messages;

namespace FedJob.Tests.Aggregation;

/// <summary>A captured round: what went out, what came back in the order of the replies, and what the next round starts from.</summary>
internal sealed record CapturedRound(
    string Where, JsonElement[] Requests, string Start, IReadOnlyList<CapturedUpdate> Updates, string Next)
{
    /// <summary>The rounds of a scenario whose parameters were captured on both sides. Nothing is assumed of names, counts or order.</summary>
    public static IReadOnlyList<CapturedRound> Of(string scenario)
    {
        Dictionary<string, string> files = Files(scenario);
        return
        [
            .. GoldenFixtures.Messages(scenario).Where(m => m.Command == "train")
                .GroupBy(m => m.Payload.GetProperty("job_id").GetString()!)
                .SelectMany(job => OfJob($"{scenario}, {job.Key}", job, files)),
        ];
    }

    private static IEnumerable<CapturedRound> OfJob(string where, IEnumerable<Captured> messages, Dictionary<string, string> files)
    {
        List<JsonElement> requests = [];
        List<CapturedUpdate> updates = [];
        List<CapturedRound> rounds = [];
        foreach (Captured message in messages)
        {
            bool request = message.Topic is not "general/researcher";
            if (request && requests.Count > 0 && IsAnotherRound(requests, updates, message))
            {
                Close(message.Payload);
            }

            if (request)
            {
                requests.Add(message.Payload);
            }
            else if (CapturedUpdate.From(message.Payload, files) is { } update)
            {
                updates.RemoveAll(u => u.NodeId == update.NodeId); // the same request twice: the last reply is the one that is kept
                updates.Add(update);
            }
        }

        return rounds;

        void Close(JsonElement next)
        {
            if (updates.Count > 0 && requests[0].GetProperty("training").GetBoolean() && Url(next) != Url(requests[0])
                && files.TryGetValue(Url(requests[0]), out string? start) && files.TryGetValue(Url(next), out string? end))
            {
                rounds.Add(new CapturedRound($"{where}, round {requests[0].GetProperty("round")}", [.. requests], start, [.. updates], end));
            }

            (requests, updates) = ([], []);
        }
    }

    /// <summary>Requests of a round carry the same number and parameters; a node that answered and is asked the same again begins it anew.</summary>
    private static bool IsAnotherRound(List<JsonElement> requests, List<CapturedUpdate> updates, Captured message) =>
        message.Payload.GetProperty("round").GetRawText() != requests[0].GetProperty("round").GetRawText()
        || Url(message.Payload) != Url(requests[0])
        || updates.Any(u => message.Topic == "general/" + u.NodeId);

    private static string Url(JsonElement message) => new Uri(message.GetProperty("params_url").GetString()!).AbsolutePath;

    /// <summary>URL path -> file, from the manifests of the repository beside the messages, that of the scenario's own folder first.</summary>
    public static Dictionary<string, string> Files(string scenario)
    {
        string beside = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(CaptureFolder.PathOf(scenario))!, "..", "repository"));
        string own = Path.GetFileNameWithoutExtension(scenario);
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (string manifest in CaptureFolder.Files("repository", "manifest.json", SearchOption.AllDirectories)
            .Select(CaptureFolder.PathOf).Where(m => Path.GetFullPath(m).StartsWith(beside, StringComparison.Ordinal))
            .OrderBy(m => new FileInfo(m).Directory!.Name == own ? 0 : 1))
        {
            foreach (JsonProperty file in CaptureFolder.Load(manifest).EnumerateObject())
            {
                string path = Path.Combine(Path.GetDirectoryName(manifest)!, file.Name);
                if (file.Name.EndsWith(".mpk", StringComparison.Ordinal) && File.Exists(path))
                {
                    files.TryAdd(file.Value.GetProperty("url_path").GetString()!, path);
                }
            }
        }

        return files;
    }
}

/// <summary>A node's contribution to a captured round.</summary>
internal sealed record CapturedUpdate(string NodeId, long SampleCount, string File)
{
    public static CapturedUpdate? From(JsonElement reply, Dictionary<string, string> files) =>
        reply.GetProperty("success").GetBoolean() && reply.GetProperty("params_url").GetString() is { Length: > 0 } url
            && reply.GetProperty("sample_size").ValueKind == JsonValueKind.Number
            && files.TryGetValue(new Uri(url).AbsolutePath, out string? file)
            ? new CapturedUpdate(reply.GetProperty("node_id").GetString()!, reply.GetProperty("sample_size").GetInt64(), file)
            : null;
}
