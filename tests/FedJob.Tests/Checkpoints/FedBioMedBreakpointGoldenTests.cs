using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Checkpoints;
using FedJob.Protocol.Messages;
using FedJob.Tests.Captures;

namespace FedJob.Tests.Checkpoints;

/// <summary>Every captured breakpoint, against its own JSON read another way.</summary>
public sealed class FedBioMedBreakpointGoldenTests
{
    public static TheoryData<string> Breakpoints => [.. CapturedBreakpoint.All];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Breakpoints))]
    public void Read_State_IsThatOfTheJson(string json)
    {
        (FedBioMedBreakpoint read, CapturedBreakpoint captured) = Open(json);
        JsonElement raw = captured.Json;

        Assert.Equal(Text(raw, "breakpoint_version"), read.Version);
        Assert.Equal(Text(captured.Job, "job_id"), read.JobId);
        Assert.Equal(Text(captured.Job, "researcher_id"), read.ResearcherId);
        Assert.Equal(Text(raw, "training_plan_class"), read.TrainingPlanClass);
        Assert.Equal(raw.GetProperty("round_current").GetInt32(), read.Round);
        Assert.Equal(raw.GetProperty("round_limit").GetRawText(), read.RoundLimit?.ToString() ?? "null");
        AssertSame(raw.GetProperty("training_args"), read.TrainingArgsAsWritten);
        AssertSame(raw.GetProperty("model_args"), read.ModelArgs);
        AssertSame(captured.Job.GetProperty("node_state").GetProperty("collection_state_ids"), JsonSerializer.SerializeToNode(read.StateIds));
        if (read.TrainingArgs is { } args)
        {
            AssertSame(raw.GetProperty("training_args"), JsonNode.Parse(TrainingArgsJson.Write(args)));
        }

        Assert.Equal(raw.GetProperty("training_data").EnumerateObject().Select(n => n.Name).Order(StringComparer.Ordinal), read.Data.Nodes);
        foreach (JsonProperty node in raw.GetProperty("training_data").EnumerateObject())
        {
            DatasetEntry entry = read.Data.Datasets[node.Name];
            Assert.Equal(
                (Text(node.Value, "dataset_id"), Text(node.Value, "name"), Text(node.Value, "data_type"), Text(node.Value, "description")),
                (entry.DatasetId, entry.Name, entry.DataType, entry.Description));
            AssertSame(node.Value.GetProperty("tags"), JsonSerializer.SerializeToNode(entry.Tags));
            AssertSame(node.Value.GetProperty("shape"), entry.OtherShape ?? JsonSerializer.SerializeToNode(entry.Shape));
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Breakpoints))]
    public void Read_Files_AreThoseTheJsonNames(string json)
    {
        (FedBioMedBreakpoint read, CapturedBreakpoint captured) = Open(json);

        Assert.Equal(captured.Aggregated.Select(a => (a.Key, a.Value)), read.AggregatedParametersFiles.Select(a => (a.Key, a.Value)));
        Assert.Equal(captured.Current, read.ParametersFile);
        Assert.Equal(captured.GlobalState, read.Aggregator.GlobalStateFile);
        Assert.Equal(captured.Corrections.Order(), read.Aggregator.CorrectionFiles.Values.Order());
        Assert.Equal(captured.AggregatorClass, read.Aggregator.ClassName);
        Assert.Equal(captured.HasServerOptimizer, read.AggregatorOptimizerFile is not null);
        Assert.Contains($"class {read.TrainingPlanClass}", File.ReadAllText(read.TrainingPlanFile!), StringComparison.Ordinal);
        Assert.DoesNotContain(read.Problems, p => p.Contains("repaired", StringComparison.Ordinal) || p.Contains("missing", StringComparison.Ordinal));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Breakpoints))]
    public void Read_Replies_AreThoseOfTheJson(string json)
    {
        (FedBioMedBreakpoint read, CapturedBreakpoint captured) = Open(json);

        Assert.Equal(captured.Replies.Select(r => r.Count), read.Replies.Select(r => r.Count));
        foreach ((FedBioMedReply reply, (JsonElement raw, string? file)) in read.Replies.SelectMany(r => r).Zip(captured.Replies.SelectMany(r => r)))
        {
            Assert.Equal((Text(raw, "node_id"), Text(raw, "dataset_id"), Text(raw, "state_id"), file), (reply.NodeId, reply.DatasetId, reply.StateId, reply.ParametersFile));
            Assert.Equal(raw.GetProperty("success").GetBoolean(), reply.Success);
            Assert.Equal(raw.GetProperty("sample_size").GetInt64(), reply.SampleCount);
            AssertSame(raw.GetProperty("optimizer_args"), reply.OptimizerArgs);
            AssertSame(raw.GetProperty("optim_aux_var"), reply.AuxiliaryVariables);
            Assert.Equal(raw.GetProperty("timing").GetProperty("rtime_training").GetDouble(), reply.Timing!.ElapsedSeconds);
            Assert.Equal(raw.GetProperty("timing").GetProperty("rtime_total").GetDouble(), reply.TotalSeconds);
            JsonElement factor = raw.GetProperty("encryption_factor");
            Assert.Equal(
                factor.ValueKind == JsonValueKind.Array ? factor.EnumerateArray().Select(f => f.GetRawText()) : null,
                reply.EncryptionFactor?.Select(f => f.ToString()));
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Breakpoints))]
    public void ReadState_EveryBreakpoint_CanGoOn(string json)
    {
        (FedBioMedBreakpoint read, CapturedBreakpoint captured) = Open(json);

        JobState state = FedBioMedBreakpoint.ReadState(read.Directory);

        Assert.Equal((read.JobId, read.Round, ".py", captured.Current), (state.JobId, state.Round, state.TrainingPlanExtension, state.ParametersPath));
        Assert.Equal(File.ReadAllBytes(read.TrainingPlanFile!), state.TrainingPlan.ToArray());
    }

    private static (FedBioMedBreakpoint Read, CapturedBreakpoint Captured) Open(string json) =>
        (FedBioMedBreakpoint.Read(Path.GetDirectoryName(CaptureFolder.PathOf(json))!), new CapturedBreakpoint(json));

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static void AssertSame(JsonElement expected, JsonNode? actual) =>
        Assert.True(JsonElement.DeepEquals(expected, JsonSerializer.SerializeToElement(actual)), $"{expected} is not {actual?.ToJsonString()}");
}
