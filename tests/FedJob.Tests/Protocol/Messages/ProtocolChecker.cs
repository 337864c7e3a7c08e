using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// Judges the bytes of a message as the tables of the protocol do, without FedJob's formats: exact fields, exact types, floats with a point
/// and whole numbers without, and the values that make a node deaf, crash its task or train in clear.
/// </summary>
internal static partial class ProtocolChecker
{
    private static readonly Dictionary<string, (string Name, Func<JsonElement, bool> Is)[]> Requests = new(StringComparer.Ordinal)
    {
        ["ping"] = [("sequence", IsCount)],
        ["search"] = [("tags", IsTexts)],
        ["list"] = [],
        ["approval"] = [("description", IsText), ("sequence", IsCount), ("training_plan_url", IsNodeUrl)],
        ["training-plan-status"] = [("job_id", IsId), ("training_plan_url", IsNodeUrl)],
        ["train"] =
        [
            ("job_id", IsId), ("state_id", IsIdOrNull), ("params_url", IsNodeUrl), ("training_args", IsTrainingArgs), ("dataset_id", IsId),
            ("training", IsBoolean), ("model_args", IsObject), ("training_plan_url", IsNodeUrl), ("training_plan_class", IsClass),
            ("secagg_servkey_id", IsIdOrNull), ("secagg_biprime_id", IsIdOrNull), ("secagg_random", IsFloatOrNull),
            ("secagg_clipping_range", IsCountOrNull), ("round", IsCount), ("aggregator_args", IsAggregatorArgs),
            ("aux_var_urls", v => IsNull(v) || (v.ValueKind == JsonValueKind.Array && v.EnumerateArray().All(IsNodeUrl))),
        ],
        ["secagg"] =
        [
            ("secagg_id", IsId), ("sequence", IsCount), ("element", IsElement), ("job_id", IsIdOrNull),
            ("parties", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() >= 3 && v.EnumerateArray().All(IsId)),
        ],
        ["secagg-delete"] = [("secagg_id", IsId), ("sequence", IsCount), ("element", IsElement), ("job_id", IsIdOrNull)],
    };

    private static readonly Dictionary<string, (string Name, Func<JsonElement, bool> Is)[]> Replies = new(StringComparer.Ordinal)
    {
        ["pong"] = [("success", IsBoolean), ("sequence", IsCount)],
        ["train"] =
        [
            ("job_id", IsId), ("state_id", IsIdOrNull), ("success", IsBoolean), ("dataset_id", v => IsId(v) || IsEmpty(v)),
            ("params_url", IsText),
            ("timing", IsTiming), ("sample_size", v => IsNull(v) || (IsInt(v) && v.GetInt64() is > 0 and <= 1_000_000_000_000)),
            ("msg", IsText),
        ],
        ["error"] = [("errnum", IsText), ("extra_msg", IsText)],
        ["log"] = [("level", IsText), ("msg", IsLogText)],
        ["add_scalar"] =
        [
            ("job_id", IsId), ("train", IsBoolean), ("test", IsBoolean), ("test_on_local_updates", IsBoolean),
            ("test_on_global_updates", IsBoolean),
            ("metric", v => v.EnumerateObject().All(m => IsFloat(m.Value))), ("epoch", IsCountOrNull), ("total_samples", IsCount),
            ("batch_samples", IsCount), ("num_batches", IsCount), ("num_samples_trained", IsCountOrNull), ("iteration", IsCount),
        ],
    };

    /// <summary>What is wrong with a request; null when nothing is.</summary>
    public static string? Request(byte[] bytes) => Check(bytes, Requests, ["protocol_version", "researcher_id", "command"]);

    /// <summary>What is wrong with a node's message; null when nothing is.</summary>
    public static string? Reply(byte[] bytes) => Check(bytes, Replies, ["protocol_version", "researcher_id", "command", "node_id"]);

    private static string? Check(byte[] bytes, Dictionary<string, (string Name, Func<JsonElement, bool> Is)[]> tables, string[] envelope)
    {
        string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        if (text[0] != '{' || bytes.Length > 1024 * 1024)
        {
            return "does not begin with {, or is too long";
        }

        using JsonDocument document = JsonDocument.Parse(bytes,
            new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
        JsonElement root = document.RootElement;
        string command = root.GetProperty("command").GetString()!;
        (string Name, Func<JsonElement, bool> Is)[] table = tables[command];
        string[] expected = [.. envelope.Concat(table.Select(f => f.Name)).Order(StringComparer.Ordinal)];
        string[] actual = [.. root.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];
        if (!expected.SequenceEqual(actual))
        {
            return $"{command}: fields {string.Join(",", actual)}";
        }

        return root.GetProperty("protocol_version").GetRawText() != "\"1\"" ? "version"
            : !IsId(root.GetProperty("researcher_id")) && command is not ("error" or "log") ? "researcher_id"
            : envelope.Contains("node_id") && !IsId(root.GetProperty("node_id")) ? "node_id"
            : table.FirstOrDefault(f => !f.Is(root.GetProperty(f.Name))).Name
                ?? (!AllWellFormed(root) ? "a number or text in it" : null)
                ?? (command == "train" && root.TryGetProperty("round", out _) ? TrainRules(root) : null)
                ?? (command.StartsWith("secagg", StringComparison.Ordinal) ? SecaggRules(root) : null);
    }

    private static string? TrainRules(JsonElement root)
    {
        bool[] secagg = [.. new[] { "secagg_servkey_id", "secagg_biprime_id", "secagg_random" }.Select(n => !IsNull(root.GetProperty(n)))];
        JsonElement args = root.GetProperty("training_args");
        bool training = root.GetProperty("training").GetBoolean();
        bool epochs = !IsNull(args.GetProperty("epochs"));
        bool updates = !IsNull(args.GetProperty("num_updates"));
        return secagg.Distinct().Count() > 1 ? "secagg fields neither all set nor all null"
            : !secagg[0] && !IsNull(root.GetProperty("secagg_clipping_range")) ? "clipping range without secure aggregation"
            : training && epochs == updates ? "epochs and num_updates"
            : training && args.GetProperty("test_ratio").GetDouble() >= 1 ? "test_ratio 1.0 when training"
            : null;
    }

    private static string? SecaggRules(JsonElement root) =>
        (root.GetProperty("element").GetInt32() == 1) != IsNull(root.GetProperty("job_id")) ? "job_id goes with the server key only"
        : root.TryGetProperty("parties", out JsonElement parties) && parties[0].GetString() != root.GetProperty("researcher_id").GetString()
            ? "the researcher does not come first" : null;

    private static bool IsTrainingArgs(JsonElement v)
    {
        (string Name, Func<JsonElement, bool> Is)[] table =
        [
            ("loader_args", IsLoaderArgs), ("optimizer_args", IsObject), ("epochs", IsPositiveOrNull), ("num_updates", IsPositiveOrNull),
            ("dry_run", IsBoolean), ("batch_maxnum", IsPositiveOrNull), ("test_ratio", r => IsFloat(r) && r.GetDouble() is >= 0 and <= 1),
            ("test_on_local_updates", IsBoolean), ("test_on_global_updates", IsBoolean), ("test_metric", IsMetricOrNull),
            ("test_metric_args", IsObject), ("log_interval", i => IsInt(i) && i.GetInt32() > 0), ("fedprox_mu", IsFloatOrNull),
            ("use_gpu", IsBoolean), ("dp_args", d => IsNull(d) || IsPrivacy(d)), ("share_persistent_buffers", IsBoolean),
            ("random_seed", s => IsNull(s) || IsInt(s)),
        ];
        return v.ValueKind == JsonValueKind.Object && v.GetPropertyCount() == 17
            && table.All(f => v.TryGetProperty(f.Name, out JsonElement e) && f.Is(e));
    }

    private static bool IsLoaderArgs(JsonElement v) =>
        IsObject(v) && (!v.TryGetProperty("batch_size", out JsonElement size) || (IsInt(size) && size.GetInt32() > 0));

    private static bool IsPrivacy(JsonElement v) =>
        v.GetPropertyCount() == 3 && v.GetProperty("type").GetString() is "central" or "local" && IsFloat(v.GetProperty("sigma"))
        && IsFloat(v.GetProperty("clip"));

    private static bool IsMetricOrNull(JsonElement v) => IsNull(v) || (v.GetString() is "ACCURACY" or "F1_SCORE" or "PRECISION" or "RECALL"
        or "MEAN_SQUARE_ERROR" or "MEAN_ABSOLUTE_ERROR" or "EXPLAINED_VARIANCE");

    private static bool IsAggregatorArgs(JsonElement v) =>
        IsObject(v) && v.EnumerateObject().All(a => a.Value.ValueKind != JsonValueKind.Object
        || (a.Value.GetPropertyCount() == 3 && IsText(a.Value.GetProperty("arg_name")) && IsNodeUrl(a.Value.GetProperty("url"))
            && a.Value.GetProperty("filename").GetString()!.IndexOfAny(['/', '\\', '\0']) < 0));

    private static bool IsTiming(JsonElement v) => v.GetPropertyCount() == 0
        || (v.GetPropertyCount() == 2 && IsFloat(v.GetProperty("rtime_training")) && v.GetProperty("rtime_training").GetDouble() >= 0
            && IsFloat(v.GetProperty("ptime_training")) && v.GetProperty("ptime_training").GetDouble() >= 0);

    private static bool IsLogText(JsonElement v)
    {
        using JsonDocument inner = JsonDocument.Parse(v.GetString()!);
        string[] names = [.. inner.RootElement.EnumerateObject().Select(p => p.Name)];
        return names.SequenceEqual(["asctime", "node_id", "name", "level", "message"]);
    }

    private static bool IsNodeUrl(JsonElement v)
    {
        if (!IsText(v) || !Uri.TryCreate(v.GetString(), UriKind.Absolute, out Uri? uri))
        {
            return false;
        }

        string host = uri.Host.Trim('[', ']');
        string written = v.GetString()!;
        int port = written.IndexOf(uri.Host + ":", StringComparison.OrdinalIgnoreCase) is var at and >= 0
            ? written.AsSpan(at + uri.Host.Length + 1).IndexOfAnyExceptInRange('0', '9') : 2;
        return uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && port >= 2 && Ascii.IsValid(written)
            && !written.Any(char.IsWhiteSpace)
            && (host == "localhost" || IPAddress.TryParse(host, out _) || DottedName().IsMatch(host)) && uri.AbsolutePath.Length > 1;
    }

    private static bool AllWellFormed(JsonElement v) => v.ValueKind switch
    {
        JsonValueKind.Object => v.EnumerateObject().All(p => AllWellFormed(p.Value) && !p.Name.Contains('\uFFFD')),
        JsonValueKind.Array => v.EnumerateArray().All(AllWellFormed),
        JsonValueKind.String => !v.GetString()!.Contains('\uFFFD'),
        JsonValueKind.Number => double.IsFinite(double.Parse(v.GetRawText(), CultureInfo.InvariantCulture)) && v.GetRawText().Length < 4300,
        _ => true,
    };

    private static bool IsNull(JsonElement v) => v.ValueKind == JsonValueKind.Null;

    private static bool IsText(JsonElement v) => v.ValueKind == JsonValueKind.String;

    private static bool IsTexts(JsonElement v) => v.ValueKind == JsonValueKind.Array && v.EnumerateArray().All(IsText);

    private static bool IsObject(JsonElement v) => v.ValueKind == JsonValueKind.Object;

    private static bool IsBoolean(JsonElement v) => v.ValueKind is JsonValueKind.True or JsonValueKind.False;

    private static bool IsInt(JsonElement v) =>
        v.ValueKind == JsonValueKind.Number && v.GetRawText().All(c => char.IsAsciiDigit(c) || c == '-');

    private static bool IsCount(JsonElement v) => IsInt(v) && v.GetRawText()[0] != '-';

    private static bool IsCountOrNull(JsonElement v) => IsNull(v) || IsCount(v);

    private static bool IsPositiveOrNull(JsonElement v) => IsNull(v) || (IsCount(v) && v.GetRawText() != "0");

    private static bool IsElement(JsonElement v) => v.GetRawText() is "0" or "1";

    private static bool IsFloat(JsonElement v) => v.ValueKind == JsonValueKind.Number && v.GetRawText().AsSpan().ContainsAny(".e");

    private static bool IsFloatOrNull(JsonElement v) => IsNull(v) || IsFloat(v);

    private static bool IsEmpty(JsonElement v) => IsText(v) && v.GetString()!.Length == 0;

    private static bool IsId(JsonElement v) => IsText(v) && IdForm().IsMatch(v.GetString()!);

    private static bool IsIdOrNull(JsonElement v) => IsNull(v) || IsId(v);

    private static bool IsClass(JsonElement v) =>
        IsText(v) && v.GetString() is { Length: > 0 } name && !name.Any(c => char.IsWhiteSpace(c) || c is '(' or '/');

    [GeneratedRegex(@"\A(?!\.+\z)[A-Za-z0-9_.-]{1,128}\z")]
    private static partial Regex IdForm();

    [GeneratedRegex(@"\A[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}\z")]
    private static partial Regex DottedName();
}
