using System.Text.Json;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// Tells from a node's message alone, without FedJob's code, why FedJob must refuse it although an unmodified node can send it: it cannot be
/// used. Null: FedJob must read it to its values.
/// </summary>
internal static class RefusedReplies
{
    private static readonly string[] Unset = ["NOT_SET", "unknown_researcher_id", "<unknown>"];

    public static string? Why(Captured captured) =>
        captured.Payload.ValueKind != JsonValueKind.Object ? "it is no JSON object" : Why(captured.Payload);

    public static string? Why(JsonElement reply) => BadId(reply) is { } id ? $"{id} is no id"
        : reply.GetProperty("command").GetString() switch
        {
            "train" => WhyTrain(reply),
            "add_scalar" => reply.GetProperty("metric").EnumerateObject().Any(m => m.Value.ValueKind != JsonValueKind.Number
                || !(Math.Abs(m.Value.GetDouble()) <= 1e100)) ? "a metric is a finite number of a sane size" : null,
            _ => null,
        };

    private static string? WhyTrain(JsonElement reply)
    {
        bool parameters = reply.GetProperty("params_url").GetString() is { Length: > 0 };
        JsonElement samples = reply.GetProperty("sample_size");
        bool counted = samples.ValueKind == JsonValueKind.Number;
        return counted && !(samples.TryGetInt64(out long count) && count is >= 1 and <= 1_000_000_000_000) ? "sample_size is no count"
            : reply.GetProperty("success").GetBoolean() && parameters && !counted ? "parameters without their weight cannot be used"
            : reply.GetProperty("timing").EnumerateObject().Any(t => !(t.Value.GetDouble() >= 0)) ? "a duration is not negative"
            : null;
    }

    private static string? BadId(JsonElement reply)
    {
        bool mayBeUnset = reply.GetProperty("command").GetString() is "error" or "log";
        return new[] { "node_id", "job_id", "secagg_id" }.FirstOrDefault(n => reply.TryGetProperty(n, out JsonElement value)
                && !(value.ValueKind == JsonValueKind.String && CapturedIds.IsId(value.GetString())))
            ?? (CapturedIds.IsId(Researcher(reply)) || (mayBeUnset && Unset.Contains(Researcher(reply))) ? null : "researcher_id");
    }

    private static string? Researcher(JsonElement reply) => reply.GetProperty("researcher_id").GetString();
}
