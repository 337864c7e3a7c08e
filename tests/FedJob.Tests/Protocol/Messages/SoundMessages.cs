using System.Text;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Messages that are right, for tests to spoil in one place.</summary>
internal static class SoundMessages
{
    public const string Url = "http://127.0.0.1:18844/media/uploads/x.mpk";

    public static TrainRequest Train => new()
    {
        ResearcherId = "researcher_1",
        JobId = "job_1",
        ParametersUrl = Url,
        TrainingArgs = new() { Epochs = 1 },
        DatasetId = "dataset_1",
        Training = true,
        ModelArgs = [],
        TrainingPlanUrl = "http://localhost:18844/plan.py",
        TrainingPlanClass = "MyPlan",
        Round = 0,
        AggregatorArgs = [],
    };

    public static SecaggRequest Secagg => new()
    {
        ResearcherId = "researcher_1",
        SecaggId = "secagg_1",
        Sequence = 1,
        Element = SecaggElement.Biprime,
        Parties = ["researcher_1", "node_1", "node_2"],
    };

    public static TrainReply Trained => new()
    {
        ResearcherId = "researcher_1",
        NodeId = "node_1",
        JobId = "job_1",
        StateId = "state_1",
        Success = true,
        DatasetId = "dataset_1",
        ParametersUrl = Url,
        Timing = TrainTiming.FromSeconds(1.5, 0.5),
        SampleCount = 190,
        Text = "",
    };

    public static MetricMessage Metric => new()
    {
        ResearcherId = "researcher_1",
        NodeId = "node_1",
        JobId = "job_1",
        Train = true,
        Test = false,
        TestOnLocalUpdates = false,
        TestOnGlobalUpdates = false,
        Metrics = new Dictionary<string, double> { ["Loss"] = 0.5 },
        Epoch = 1,
        TotalSamples = 190,
        BatchSamples = 32,
        BatchCount = 6,
        SamplesTrained = 32,
        Iteration = 1,
    };

    public static TrainRequest WithArgs(TrainingArgs args) => Train with { TrainingArgs = args };

    /// <summary>
    /// The JSON of a message with fields replaced; a path like <c>training_args.test_ratio</c>, a value as JSON text, null to remove.
    /// </summary>
    public static byte[] Spoilt(ProtocolMessage message, string path, string? json) =>
        Spoil(JsonNode.Parse(MessageWriter.Write(message))!.AsObject(), path, json);

    private static byte[] Spoil(JsonObject message, string path, string? json)
    {
        const string Mark = "MARK";
        string[] steps = path.Split('.');
        JsonObject place = steps[..^1].Aggregate(message, (at, step) => at[step]!.AsObject());
        place.Remove(steps[^1]);
        if (json is not null)
        {
            place[steps[^1]] = Mark;
        }

        return Encoding.UTF8.GetBytes(message.ToJsonString().Replace($"\"{Mark}\"", json, StringComparison.Ordinal));
    }
}
