using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// Builds a request of .NET values from a captured one, without FedJob's reader: numbers become int or double, JSON is built anew.
/// </summary>
internal static class TypedInput
{
    public static ResearcherRequest From(JsonElement json)
    {
        string researcher = Text(json, "researcher_id")!;
        return Text(json, "command") switch
        {
            "ping" => new PingRequest { ResearcherId = researcher, Sequence = json.GetProperty("sequence").GetInt32() },
            "search" => new SearchRequest { ResearcherId = researcher, Tags = Texts(json, "tags")! },
            "list" => new ListRequest { ResearcherId = researcher },
            "approval" => new ApprovalRequest
            {
                ResearcherId = researcher,
                Description = Text(json, "description")!,
                Sequence = json.GetProperty("sequence").GetInt32(),
                TrainingPlanUrl = Text(json, "training_plan_url")!,
            },
            "training-plan-status" => new TrainingPlanStatusRequest
            {
                ResearcherId = researcher,
                JobId = Text(json, "job_id")!,
                TrainingPlanUrl = Text(json, "training_plan_url")!,
            },
            "secagg" => new SecaggRequest
            {
                ResearcherId = researcher,
                SecaggId = Text(json, "secagg_id")!,
                Sequence = json.GetProperty("sequence").GetInt32(),
                Element = (SecaggElement)json.GetProperty("element").GetInt32(),
                JobId = Text(json, "job_id"),
                Parties = Texts(json, "parties")!,
            },
            "secagg-delete" => new SecaggDeleteRequest
            {
                ResearcherId = researcher,
                SecaggId = Text(json, "secagg_id")!,
                Sequence = json.GetProperty("sequence").GetInt32(),
                Element = (SecaggElement)json.GetProperty("element").GetInt32(),
                JobId = Text(json, "job_id"),
            },
            "train" => Train(json, researcher),
            string other => throw new NotSupportedException($"The capture has a request '{other}' that this test does not know."),
            null => throw new NotSupportedException("The capture has a request without a command."),
        };
    }

    public static JsonNode? Rebuild(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(json.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, Rebuild(p.Value)))),
        JsonValueKind.Array => new JsonArray([.. json.EnumerateArray().Select(Rebuild)]),
        JsonValueKind.String => JsonValue.Create(json.GetString()),
        JsonValueKind.Number =>
            json.GetRawText().AsSpan().ContainsAny(".eE") ? JsonValue.Create(json.GetDouble())
            : json.TryGetInt64(out long number) ? JsonValue.Create(number)
            : json.TryGetUInt64(out ulong large) ? JsonValue.Create(large)
            : JsonNode.Parse(json.GetRawText()), // more than 64 bits: no number type of .NET's JSON has them
        JsonValueKind.True or JsonValueKind.False => JsonValue.Create(json.GetBoolean()),
        _ => null,
    };

    private static TrainRequest Train(JsonElement json, string researcher) => new()
    {
        ResearcherId = researcher,
        JobId = Text(json, "job_id")!,
        StateId = Text(json, "state_id"),
        ParametersUrl = Text(json, "params_url")!,
        TrainingArgs = Args(json.GetProperty("training_args")),
        DatasetId = Text(json, "dataset_id")!,
        Training = json.GetProperty("training").GetBoolean(),
        ModelArgs = Rebuild(json.GetProperty("model_args"))!.AsObject(),
        TrainingPlanUrl = Text(json, "training_plan_url")!,
        TrainingPlanClass = Text(json, "training_plan_class")!,
        SecaggServerKeyId = Text(json, "secagg_servkey_id"),
        SecaggBiprimeId = Text(json, "secagg_biprime_id"),
        SecaggRandom = Number(json, "secagg_random"),
        SecaggClippingRange = Int(json, "secagg_clipping_range"),
        Round = json.GetProperty("round").GetInt32(),
        AggregatorArgs = Rebuild(json.GetProperty("aggregator_args"))!.AsObject(),
        AuxiliaryVariableUrls = Texts(json, "aux_var_urls"),
    };

    private static TrainingArgs Args(JsonElement json) => new()
    {
        LoaderArgs = Rebuild(json.GetProperty("loader_args"))!.AsObject(),
        OptimizerArgs = Rebuild(json.GetProperty("optimizer_args"))!.AsObject(),
        Epochs = Int(json, "epochs"),
        UpdateCount = Int(json, "num_updates"),
        DryRun = json.GetProperty("dry_run").GetBoolean(),
        MaximumBatches = Int(json, "batch_maxnum"),
        TestRatio = json.GetProperty("test_ratio").GetDouble(),
        TestOnLocalUpdates = json.GetProperty("test_on_local_updates").GetBoolean(),
        TestOnGlobalUpdates = json.GetProperty("test_on_global_updates").GetBoolean(),
        TestMetric = Text(json, "test_metric") is { } metric ? Enum.Parse<TestMetric>(metric.Replace("_", ""), ignoreCase: true) : null,
        TestMetricArgs = Rebuild(json.GetProperty("test_metric_args"))!.AsObject(),
        LogInterval = json.GetProperty("log_interval").GetInt32(),
        FedProxMu = Number(json, "fedprox_mu"),
        UseGpu = json.GetProperty("use_gpu").GetBoolean(),
        DifferentialPrivacy = json.GetProperty("dp_args") is { ValueKind: JsonValueKind.Object } privacy
            ? new DifferentialPrivacyArgs
            {
                Type = Enum.Parse<DifferentialPrivacyType>(Text(privacy, "type")!, ignoreCase: true),
                Sigma = privacy.GetProperty("sigma").GetDouble(),
                Clip = privacy.GetProperty("clip").GetDouble(),
            }
            : null,
        SharePersistentBuffers = json.GetProperty("share_persistent_buffers").GetBoolean(),
        RandomSeed = Int(json, "random_seed"),
    };

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static int? Int(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : null;

    private static double? Number(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    private static string[]? Texts(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.Array } texts ? [.. texts.EnumerateArray().Select(t => t.GetString()!)] : null;
}
