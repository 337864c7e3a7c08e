using System.Text.Json;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>The captured traffic: under the directory that FEDJOB_FIXTURES names, else the project's own Golden folder.</summary>
internal static class GoldenFixtures
{
    private static readonly string[] NodeTopics = ["general/researcher", "general/monitoring", "general/logger"];

    /// <summary>The names of the scenarios.</summary>
    public static TheoryData<string> Scenarios() => Names("mqtt", "*.jsonl");

    /// <summary>The names of the files that tell what a node did with malformed messages.</summary>
    public static TheoryData<string> Reactions() => Names("node-reactions", "malformed_*.json");

    /// <summary>The requests of a scenario.</summary>
    public static IEnumerable<Captured> Requests(string scenario) => Messages(scenario).Where(m => !NodeTopics.Contains(m.Topic));

    /// <summary>What nodes said in a scenario.</summary>
    public static IEnumerable<Captured> NodeMessages(string scenario) => Messages(scenario).Where(m => NodeTopics.Contains(m.Topic));

    public static IReadOnlyList<JsonElement> Cases(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder("node-reactions"), file)));
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    private static IEnumerable<Captured> Messages(string scenario)
    {
        int line = 0;
        foreach (string text in File.ReadLines(Path.Combine(Folder("mqtt"), scenario)))
        {
            line++;
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement payload = document.RootElement.GetProperty("payload").Clone();
            yield return new Captured($"{scenario} line {line}", document.RootElement.GetProperty("topic").GetString()!, payload);
        }
    }

    private static TheoryData<string> Names(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(Folder(folder), pattern).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    /// <summary>A folder of further captures, where there is one, else of the project's own.</summary>
    private static string Folder(string name)
    {
        string own = Path.Combine(AppContext.BaseDirectory, "Golden", name);
        string further = Path.Combine(Environment.GetEnvironmentVariable("FEDJOB_FIXTURES") ?? "", name);
        return Path.IsPathFullyQualified(further) && Directory.Exists(further) ? further : own;
    }
}

/// <summary>A captured message.</summary>
internal sealed record Captured(string Where, string Topic, JsonElement Payload)
{
    public byte[] Bytes { get; } = System.Text.Encoding.UTF8.GetBytes(Payload.GetRawText());

    public string Command => Payload.GetProperty("command").GetString()!;
}
