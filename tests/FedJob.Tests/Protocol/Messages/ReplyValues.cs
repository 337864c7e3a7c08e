using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Asserts that a message that was read holds the values of the JSON, field by field.</summary>
internal static class ReplyValues
{
    public static void AssertSame(JsonElement json, NodeMessage message)
    {
        Assert.Equal(Text(json, "researcher_id"), message.ResearcherId);
        Assert.Equal(Text(json, "node_id"), message.NodeId);
        Assert.Equal(Text(json, "command"), message.Command);
        switch (message)
        {
            case PongReply pong:
                Assert.Equal(json.GetProperty("success").GetBoolean(), pong.Success);
                Assert.Equal(json.GetProperty("sequence").GetInt32(), pong.Sequence);
                break;
            case SearchReply search:
                Assert.Equal(json.GetProperty("success").GetBoolean(), search.Success);
                AssertDatasets(json, search.Count, search.Databases);
                break;
            case ListReply list:
                Assert.Equal(json.GetProperty("success").GetBoolean(), list.Success);
                AssertDatasets(json, list.Count, list.Databases);
                break;
            case ApprovalReply approval:
                Assert.Equal(json.GetProperty("sequence").GetInt32(), approval.Sequence);
                Assert.Equal(json.GetProperty("status").GetInt32(), approval.Status);
                Assert.Equal(json.GetProperty("success").GetBoolean(), approval.Success);
                break;
            case TrainingPlanStatusReply status:
                Assert.Equal(Text(json, "job_id"), status.JobId);
                Assert.Equal(json.GetProperty("success").GetBoolean(), status.Success);
                Assert.Equal(json.GetProperty("approval_obligation").GetBoolean(), status.ApprovalObligation);
                Assert.Equal(Text(json, "status")!.Replace(" ", ""), status.Status.ToString());
                Assert.Equal(Text(json, "msg"), status.Text);
                Assert.Equal(Text(json, "training_plan_url"), status.TrainingPlanUrl);
                break;
            case TrainReply train: AssertTrain(json, train); break;
            case SecaggReply secagg: AssertSecagg(json, secagg.SecaggId, secagg.Sequence, secagg.Success, secagg.Text); break;
            case SecaggDeleteReply secagg: AssertSecagg(json, secagg.SecaggId, secagg.Sequence, secagg.Success, secagg.Text); break;
            case ErrorReply error:
                Assert.Equal(Text(json, "errnum"), error.ErrorNumber);
                Assert.Equal(Text(json, "extra_msg"), error.ExtraText);
                break;
            case MetricMessage metric: AssertMetric(json, metric); break;
            case LogMessage log: AssertLog(json, log); break;
            default: Assert.Fail($"{message.GetType()} is not asserted here."); break;
        }
    }

    private static void AssertDatasets(JsonElement json, int count, IReadOnlyList<DatasetEntry> entries)
    {
        Assert.Equal(json.GetProperty("count").GetInt32(), count);
        JsonElement[] expected = [.. json.GetProperty("databases").EnumerateArray()];
        Assert.Equal(expected.Length, entries.Count);
        foreach ((JsonElement one, DatasetEntry entry) in expected.Zip(entries))
        {
            Assert.Equal(Text(one, "name"), entry.Name);
            Assert.Equal(Text(one, "data_type"), entry.DataType);
            Assert.Equal(Text(one, "description"), entry.Description);
            Assert.Equal(Text(one, "dataset_id"), entry.DatasetId);
            Assert.Equal(one.GetProperty("tags").EnumerateArray().Select(t => t.GetString()), entry.Tags);
            Assert.Equal(
                one.TryGetProperty("dtypes", out JsonElement types) && types.ValueKind == JsonValueKind.Array ? types.EnumerateArray().Select(t => t.GetString()!).ToArray() : null,
                entry.ColumnTypes);
            if (one.TryGetProperty("shape", out JsonElement shape) && shape.ValueKind == JsonValueKind.Array
                && shape.EnumerateArray().All(s => s.ValueKind == JsonValueKind.Number))
            {
                Assert.Equal(shape.EnumerateArray().Select(s => s.GetInt64()), entry.Shape);
            }
        }
    }

    private static void AssertTrain(JsonElement json, TrainReply train)
    {
        Assert.Equal(Text(json, "job_id"), train.JobId);
        Assert.Equal(Text(json, "state_id"), train.StateId);
        Assert.Equal(json.GetProperty("success").GetBoolean(), train.Success);
        Assert.Equal(Text(json, "dataset_id"), train.DatasetId);
        Assert.Equal(Text(json, "params_url"), train.ParametersUrl);
        Assert.Equal(Text(json, "msg"), train.Text);
        Assert.Equal(Long(json, "sample_size"), train.SampleCount);
        JsonElement timing = json.GetProperty("timing");
        Assert.Equal(timing.EnumerateObject().Any(), train.Timing is not null);
        if (train.Timing is { } read)
        {
            Assert.Equal(timing.GetProperty("rtime_training").GetDouble(), read.ElapsedSeconds);
            Assert.Equal(timing.GetProperty("ptime_training").GetDouble(), read.ProcessorSeconds);
            Assert.Equal(read.ElapsedSeconds, read.Elapsed.TotalSeconds, 1e-6);
            Assert.Equal(read.ProcessorSeconds, read.Processor.TotalSeconds, 1e-6);
        }
    }

    private static void AssertSecagg(JsonElement json, string id, int sequence, bool success, string text)
    {
        Assert.Equal(Text(json, "secagg_id"), id);
        Assert.Equal(json.GetProperty("sequence").GetInt32(), sequence);
        Assert.Equal(json.GetProperty("success").GetBoolean(), success);
        Assert.Equal(Text(json, "msg"), text);
    }

    private static void AssertMetric(JsonElement json, MetricMessage metric)
    {
        Assert.Equal(Text(json, "job_id"), metric.JobId);
        Assert.Equal(json.GetProperty("train").GetBoolean(), metric.Train);
        Assert.Equal(json.GetProperty("test").GetBoolean(), metric.Test);
        Assert.Equal(json.GetProperty("test_on_local_updates").GetBoolean(), metric.TestOnLocalUpdates);
        Assert.Equal(json.GetProperty("test_on_global_updates").GetBoolean(), metric.TestOnGlobalUpdates);
        Assert.Equal(json.GetProperty("metric").EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetDouble()), metric.Metrics);
        Assert.Equal(Long(json, "epoch"), metric.Epoch);
        Assert.Equal(Long(json, "total_samples"), metric.TotalSamples);
        Assert.Equal(Long(json, "batch_samples"), metric.BatchSamples);
        Assert.Equal(Long(json, "num_batches"), metric.BatchCount);
        Assert.Equal(Long(json, "num_samples_trained"), metric.SamplesTrained);
        Assert.Equal(Long(json, "iteration"), metric.Iteration);
    }

    private static void AssertLog(JsonElement json, LogMessage log)
    {
        Assert.Equal(Text(json, "level"), log.Level);
        string msg = Text(json, "msg")!;
        JsonObject? line = ParseLine(msg);
        Assert.Equal(line?["message"]?.GetValue<string>() ?? msg, log.Text);
        Assert.Equal(line?["asctime"]?.GetValue<string>(), log.Time);
        Assert.Equal(line?["name"]?.GetValue<string>(), log.LoggerName);
    }

    /// <summary>A log's msg as the JSON object that it holds; null for another text.</summary>
    public static JsonObject? ParseLine(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject line && line["message"] is JsonValue ? line : null;
        }
        catch (JsonException)
        {
            return null; // the text is the message
        }
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static long? Long(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : null;
}
