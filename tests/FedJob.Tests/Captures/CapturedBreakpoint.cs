using System.Text.Json;

namespace FedJob.Tests.Captures;

/// <summary>
/// A breakpoint: its JSON and the files it names. The JSON holds paths of the machine it was made on; the files lie beside it under the same
/// names. A file that is not there (its link leads nowhere) is null.
/// </summary>
internal sealed class CapturedBreakpoint
{
    private readonly string _folder;

    public CapturedBreakpoint(string json)
    {
        _folder = Path.GetDirectoryName(CaptureFolder.PathOf(json))!;
        Json = CaptureFolder.Load(json);
    }

    /// <summary>The breakpoints' JSON files.</summary>
    public static IEnumerable<string> All => CaptureFolder.Files("breakpoints", "breakpoint_*.json", SearchOption.AllDirectories);

    public JsonElement Json { get; }

    public JsonElement Job => Json.GetProperty("job");

    public string? AggregatorClass => Json.GetProperty("aggregator").GetProperty("class").GetString();

    public bool HasServerOptimizer =>
        Json.TryGetProperty("agg_optimizer", out JsonElement optimizer) && optimizer.ValueKind != JsonValueKind.Null;

    /// <summary>The aggregated parameters after each round; the round counts from 0.</summary>
    public SortedDictionary<int, string?> Aggregated => new(Json.GetProperty("aggregated_params").EnumerateObject()
        .ToDictionary(r => int.Parse(r.Name), r => Find(r.Value, "params_path")));

    /// <summary>The replies of each round with their parameter files, in the researcher's order.</summary>
    public IReadOnlyList<IReadOnlyList<(JsonElement Reply, string? File)>> Replies =>
    [
        .. Job.GetProperty("training_replies").EnumerateArray().Select(round =>
            (IReadOnlyList<(JsonElement, string?)>)[.. round.EnumerateArray().Select(r => (r, Find(r, "params_path")))]),
    ];

    /// <summary>The tensor maps of native Scaffold: the corrections of the nodes, and the global state.</summary>
    public IEnumerable<string?> Corrections =>
        Json.GetProperty("aggregator").GetProperty("parameters") is { ValueKind: JsonValueKind.Object } parameters
            && parameters.TryGetProperty("aggregator_correction", out JsonElement corrections)
            && corrections.ValueKind == JsonValueKind.Object
            ? corrections.EnumerateObject().Select(c => Find(corrections, c.Name))
            : [];

    public string? GlobalState => Json.GetProperty("aggregator").GetProperty("parameters") is { ValueKind: JsonValueKind.Object } parameters
        ? Find(parameters, "global_state_filename")
        : null;

    public string? Current => Find(Job, "model_params_path");

    private string? Find(JsonElement json, string name)
    {
        string? path = json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return path is null ? null : CaptureFolder.Resolve(Path.Combine(_folder, path.Split('/', '\\')[^1]));
    }
}
