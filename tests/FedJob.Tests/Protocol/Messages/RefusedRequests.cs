using System.Text.Json;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// Tells from a request alone, without FedJob's code, why FedJob must refuse it although a Fed-BioMed node takes it (or fails it only later).
/// Null: FedJob must read it and produce it.
/// </summary>
internal static class RefusedRequests
{
    private static readonly string[] Metrics =
    [
        "ACCURACY", "F1_SCORE", "PRECISION", "RECALL", "MEAN_SQUARE_ERROR", "MEAN_ABSOLUTE_ERROR", "EXPLAINED_VARIANCE",
    ];

    public static string? Why(JsonElement request) => request.ValueKind != JsonValueKind.Object ? "it is no object"
        : Text(request, "protocol_version") != "1" ? "the version is \"1\"; another happens to pass for a ping"
        : BadId(request) is { } id ? $"{id} is no id"
        : Text(request, "command") switch
        {
            "train" => WhyTrain(request),
            "secagg" => WhySecagg(request) ?? WhyParties(request),
            "secagg-delete" => WhySecagg(request),
            _ => null,
        };

    private static string? WhyTrain(JsonElement request)
    {
        JsonElement args = request.GetProperty("training_args");
        return !IsWhole(request.GetProperty("round")) ? "round is a number"
            : !IsUrl(Text(request, "params_url")) ? "params_url is no URL: the node can only fail it"
            : WhySecureAggregation(request) ?? WhyAggregator(request) ?? WhyArgs(args, request.GetProperty("training").GetBoolean());
    }

    private static string? WhySecureAggregation(JsonElement request)
    {
        int set = new[] { "secagg_servkey_id", "secagg_biprime_id", "secagg_random" }.Count(n => IsSet(request, n));
        return set is 1 or 2 || (set == 0 && IsSet(request, "secagg_clipping_range"))
            ? "secure aggregation needs both ids and the random number: the node fails it, or trains in clear"
            : null;
    }

    private static string? WhyAggregator(JsonElement request) => request.GetProperty("aggregator_args").EnumerateObject()
        .Where(a => a.Value.ValueKind == JsonValueKind.Object)
        .Any(a => !a.Value.EnumerateObject().Select(p => p.Name).Order().SequenceEqual(["arg_name", "filename", "url"])
            || !IsUrl(Text(a.Value, "url")))
        ? "a node takes every object for a file reference"
        : null;

    private static string? WhyArgs(JsonElement args, bool training)
    {
        string[] counts = ["epochs", "num_updates", "batch_maxnum", "log_interval"];
        return counts.FirstOrDefault(n => IsSet(args, n) && !(IsWhole(args.GetProperty(n)) && args.GetProperty(n).GetInt64() >= 1)) is { } count
                ? $"{count} is a whole number from 1"
            : IsSet(args, "random_seed") && !args.GetProperty("random_seed").TryGetInt32(out _) ? "random_seed has 32 bits"
            : training && !IsSet(args, "epochs") && !IsSet(args, "num_updates") ? "there is nothing to train"
            : IsSet(args, "epochs") && IsSet(args, "num_updates") ? "epochs and num_updates exclude each other"
            : IsSet(args, "test_metric") && !Metrics.Contains(Text(args, "test_metric")) ? "the node ignores the metric silently"
            : training && IsSet(args, "test_ratio") && args.GetProperty("test_ratio").GetDouble() >= 1 ? "no sample is left to train on"
            : null;
    }

    private static string? WhySecagg(JsonElement request)
    {
        long element = request.GetProperty("element").GetInt64();
        return element is not (0 or 1) ? "no such element"
            : IsSet(request, "job_id") == (element == 1) ? "a server key has a job, a biprime none"
            : null;
    }

    private static string? WhyParties(JsonElement request)
    {
        string?[] parties = [.. request.GetProperty("parties").EnumerateArray().Select(p => p.GetString())];
        return parties.Length < 3 || parties.Distinct().Count() < parties.Length || parties[0] != Text(request, "researcher_id")
            ? "the researcher comes first of at least three parties: the node can only fail it"
            : null;
    }

    private static string? BadId(JsonElement request) => new[] { "researcher_id", "job_id", "state_id", "dataset_id", "secagg_id" }
        .FirstOrDefault(n => IsSet(request, n) && !CapturedIds.IsId(Text(request, n)));

    private static bool IsSet(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    private static bool IsWhole(JsonElement json) => json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out _);

    private static bool IsUrl(string? text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is ("http" or "https");

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
