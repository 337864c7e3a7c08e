using System.Text.Json;
using System.Text.Json.Nodes;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// Arguments of an aggregator. A node takes every object value for a file to download, so nothing else may be one. Other researchers send
/// the path of their own file as its name; FedJob reads that and sends a bare name.
/// </summary>
internal sealed class AggregatorArgsType : WireType<JsonObject>
{
    private const string FileReference = "a file reference {arg_name, filename, url} (a node takes every object for one)";
    private const int MaximumFileNameLength = 255;

    public override string Accepted => WireTypes.Object.Accepted;

    public override JsonObject Read(JsonElement json, Findings findings)
    {
        JsonObject read = WireTypes.Object.Read(json, findings);
        if (findings.Any)
        {
            return read;
        }

        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object
                && !(property.Value.TryGetProperty("url", out JsonElement url) && url.ValueKind == JsonValueKind.String))
            {
                findings.Refuse(FileReference, "an object without a url");
                findings.Within(Shown.Name(property.Name));
                break;
            }
        }

        return read;
    }

    public override void Check(JsonObject value, Findings findings)
    {
        WireTypes.Object.Check(value, findings);
        if (findings.Any)
        {
            return;
        }

        foreach ((string name, JsonNode? argument) in value)
        {
            if (argument is JsonObject file)
            {
                CheckFile(file, findings);
            }

            if (findings.Any)
            {
                findings.Within(Shown.Name(name));
                return;
            }
        }
    }

    public override void Write(Utf8JsonWriter writer, JsonObject value) => WireTypes.Object.Write(writer, value);

    private static void CheckFile(JsonObject file, Findings findings)
    {
        string[] names = ["arg_name", "filename", "url"];
        if (file.Count != names.Length || names.FirstOrDefault(n => !file.ContainsKey(n)) is not null)
        {
            findings.Refuse(FileReference, $"an object with {Shown.Name(string.Join(", ", file.Select(f => f.Key)))}");
            return;
        }

        foreach (string name in names)
        {
            string? text = file[name] is JsonValue value && value.TryGetValue(out string? found) ? found : null;
            if (name == "url")
            {
                WireTypes.UrlForNodes.Check(text!, findings);
            }
            else if (text is null || !IsBareName(text))
            {
                findings.Refuse("a bare name without / and \\ (a path would show nodes where the file lies here)", Shown.Of(text));
            }

            if (findings.Any)
            {
                findings.Within(name);
                return;
            }
        }
    }

    private static bool IsBareName(string text) =>
        text.Length is > 0 and <= MaximumFileNameLength && text is not ("." or "..")
        && !text.Any(static c => c is '/' or '\\' or ':' || char.IsControl(c));
}
