using System.Text;
using System.Text.Json;
using FedJob.Tests.Captures;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>The captured traffic, whatever scenarios there are.</summary>
internal static class GoldenFixtures
{
    private static readonly string[] NodeTopics = ["general/researcher", "general/monitoring", "general/logger"];

    /// <summary>The scenarios, as paths of their files.</summary>
    public static TheoryData<string> Scenarios() => [.. CaptureFolder.Files("mqtt", "*.jsonl")];

    /// <summary>The files that tell what a node did with malformed messages.</summary>
    public static TheoryData<string> Reactions() => [.. CaptureFolder.Files("node-reactions", "*.json")];

    /// <summary>The requests of a scenario.</summary>
    public static IEnumerable<Captured> Requests(string scenario) => Messages(scenario)
        .Where(m => m.Topic.StartsWith("general/", StringComparison.Ordinal) && !NodeTopics.Contains(m.Topic));

    /// <summary>What nodes said in a scenario.</summary>
    public static IEnumerable<Captured> NodeMessages(string scenario) => Messages(scenario).Where(m => NodeTopics.Contains(m.Topic));

    public static IReadOnlyList<JsonElement> Cases(string file) => [.. CaptureFolder.Load(file).EnumerateArray()];

    /// <summary>Every message of a scenario in the order in which the broker saw them.</summary>
    public static IEnumerable<Captured> Messages(string scenario)
    {
        int line = 0;
        foreach (string text in File.ReadLines(CaptureFolder.PathOf(scenario)))
        {
            line++;
            if (!string.IsNullOrWhiteSpace(text))
            {
                yield return Parse($"{scenario} line {line}", text);
            }
        }
    }

    private static Captured Parse(string where, string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement payload = document.RootElement.GetProperty("payload").Clone();
            return new Captured(where, document.RootElement.GetProperty("topic").GetString()!, payload, BytesOf(payload));
        }
        catch (JsonException)
        {
            // A Python peer's JSON may hold NaN, which is none: the message is taken as its characters.
            const string Topic = "\"topic\": \"";
            const string Payload = "\"payload\": ";
            int topic = line.IndexOf(Topic, StringComparison.Ordinal) + Topic.Length;
            int payload = line.IndexOf(Payload, StringComparison.Ordinal) + Payload.Length;
            string raw = line.TrimEnd()[payload..^1];
            return new Captured(where, line[topic..line.IndexOf('"', topic)], default, Encoding.UTF8.GetBytes(raw));
        }
    }

    private static byte[] BytesOf(JsonElement payload) => payload.ValueKind == JsonValueKind.String
        ? Encoding.UTF8.GetBytes(payload.GetString()!) // what was published is no JSON
        : Encoding.UTF8.GetBytes(payload.GetRawText());
}

/// <summary>A captured message; <see cref="Payload"/> is undefined where its bytes are no JSON.</summary>
internal sealed record Captured(string Where, string Topic, JsonElement Payload, byte[] Bytes)
{
    public string? Command => Payload.ValueKind == JsonValueKind.Object && Payload.TryGetProperty("command", out JsonElement command)
        ? command.GetString()
        : null;
}
