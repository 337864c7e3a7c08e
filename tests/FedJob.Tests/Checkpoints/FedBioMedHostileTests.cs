using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Checkpoints;

namespace FedJob.Tests.Checkpoints;

/// <summary>Breakpoints that are damaged, edited or of another version.</summary>
[Trait("input", "14")]
[Trait("seed", "25")]
public sealed class FedBioMedHostileTests : IDisposable
{
    private static readonly string[] Needed =
    [
        "breakpoint_version", "training_data", "training_args", "model_args", "training_plan_path", "training_plan_class", "round_current", "round_limit", "aggregator",
        "tags", "aggregated_params", "job", "job.researcher_id", "job.job_id", "job.model_params_path", "job.training_replies", "job.node_state",
        "job.node_state.collection_state_ids", "aggregator.class", "aggregator.module", "training_data.node_1.dataset_id", "training_data.node_1.name",
        "training_data.node_1.tags", "training_data.node_1.data_type", "training_data.node_1.description", "aggregated_params.0.params_path",
        "job.training_replies.0.0.node_id", "job.training_replies.0.0.success",
    ];

    private static readonly string[] Optional =
    [
        "agg_optimizer", "node_selection_strategy", "secagg", "aggregator.parameters", "training_data.node_1.dtypes",
        "job.training_replies.0.0.msg", "job.training_replies.0.0.dataset_id", "job.training_replies.0.0.state_id", "job.training_replies.0.0.params_path",
        "job.training_replies.0.0.optimizer_args", "job.training_replies.0.0.optim_aux_var", "job.training_replies.0.0.sample_size",
        "job.training_replies.0.0.encryption_factor", "job.training_replies.0.0.timing", "job.training_replies.0.0.timing.rtime_total",
    ];

    private readonly MadeBreakpoint _made = new();

    public static TheoryData<string> NeededFields => [.. Needed];

    public static TheoryData<string> OptionalFields => [.. Optional];

    /// <summary>Fields with a form of their own; those that are any JSON are not among them.</summary>
    public static TheoryData<string> TypedFields => [.. Needed.Concat(Optional)];

    public void Dispose() => _made.Dispose();

    [Theory]
    [MemberData(nameof(NeededFields))]
    public void Read_NeededFieldIsMissing_IsRefusedByName(string field)
    {
        (JsonNode parent, string name) = Parent(field);
        parent.AsObject().Remove(name);

        AssertNames(field, _made.Refused());
    }

    [Theory]
    [MemberData(nameof(OptionalFields))]
    public void Read_OptionalFieldIsMissingOrNull_IsRead(string field)
    {
        (JsonNode parent, string name) = Parent(field);
        parent[name] = null;
        Assert.Equal(3, _made.Read().Round);
        parent.AsObject().Remove(name);
        Assert.Equal(3, _made.Read().Round);
    }

    [Theory]
    [MemberData(nameof(TypedFields))]
    public void Read_FieldOfAnotherType_IsRefusedByName(string field)
    {
        (JsonNode parent, string name) = Parent(field);
        parent[name] = parent[name] is JsonValue value && value.GetValueKind() is JsonValueKind.Number ? "text" : -1.5;

        AssertNames(field, _made.Refused());
    }

    [Theory]
    [InlineData("job.job_id", "../../etc")]
    [InlineData("job.researcher_id", "")]
    [InlineData("job.node_state.collection_state_ids.node_1", "a/b")]
    [InlineData("training_plan_class", "os; import x")]
    [InlineData("training_plan_path", "/opt/..")]
    [InlineData("job.model_params_path", "")]
    public void Read_TextThatIsNoNameOfItsKind_IsRefused(string field, string text)
    {
        (JsonNode parent, string name) = Parent(field);
        parent[name] = text;

        AssertNames(field, _made.Refused());
    }

    [Theory]
    [InlineData("round_current", -1)]
    [InlineData("round_current", 3_000_000_000)]
    [InlineData("job.training_replies.1.0.sample_size", -5)]
    [InlineData("job.training_replies.1.0.sample_size", long.MaxValue)]
    [InlineData("job.training_replies.1.0.timing.rtime_training", -1)]
    public void Read_NumberOutOfRange_IsRefused(string field, long number)
    {
        (JsonNode parent, string name) = Parent(field);
        parent[name] = number;

        AssertNames(field, _made.Refused());
    }

    [Theory]
    [InlineData("2")]
    [InlineData("1.1")]
    public void Read_OtherVersion_IsTold(string version)
    {
        _made.Json["breakpoint_version"] = version;

        CheckpointException refused = _made.Refused();

        Assert.Equal(FedJobErrorCode.CheckpointVersionUnknown, refused.Code);
        Assert.Contains($"\"{version}\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TrainingArgsThatFedJobRefuses_AreToldAndTheRestIsRead()
    {
        _made.Json["training_args"]!["num_updates"] = 5;

        FedBioMedBreakpoint read = _made.Read();

        Assert.Null(read.TrainingArgs);
        Assert.Equal(5, (int)read.TrainingArgsAsWritten["num_updates"]!);
        Assert.Contains("training_args", Assert.Single(read.Problems), StringComparison.Ordinal);
        Assert.Contains("training_args", Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.ReadState(_made.Directory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TruncatedAtEveryByte_IsRefused()
    {
        byte[] bytes = File.ReadAllBytes(_made.JsonFile);
        using FileStream file = File.Open(_made.JsonFile, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        for (int length = bytes.Length - 1; length >= 0; length--)
        {
            file.SetLength(length);

            Assert.Equal(FedJobErrorCode.CheckpointInvalid, Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.Read(_made.Directory)).Code);
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"breakpoint_version\": NaN}")]
    [InlineData("{\"breakpoint_version\": \"1\", \"breakpoint_version\": \"1\"}")]
    [InlineData("{\"breakpoint_version\": \"\\ud800\"}")]
    [InlineData("{\"\\ud800\": 1}")]
    public void Read_OtherJson_IsRefused(string json)
    {
        File.WriteAllText(_made.JsonFile, json);

        Assert.Equal(FedJobErrorCode.CheckpointInvalid, Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.Read(_made.Directory)).Code);
    }

    [Fact]
    public void Read_NoUtf8TooDeepTooLarge_IsRefused()
    {
        foreach (byte[] bytes in (byte[][])[[0xFF, 0xFE], Encoding.ASCII.GetBytes(new string('[', 100_000))])
        {
            File.WriteAllBytes(_made.JsonFile, bytes);
            Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.Read(_made.Directory));
        }

        using (FileStream file = File.OpenWrite(_made.JsonFile))
        {
            file.SetLength(FedBioMedDocument.MaximumBytes + 1);
        }

        Assert.Contains("bytes", Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.Read(_made.Directory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_IntegersOfHundredsOfDigits_KeepEveryDigit()
    {
        string digits = new string('7', 616) + "1";
        Parent("job.training_replies.0.0.encryption_factor").Parent["encryption_factor"] = JsonNode.Parse($"[{digits}, -3]");
        _made.Json["secagg"]!["attributes"]!["_biprime"] = JsonNode.Parse(digits);

        FedBioMedBreakpoint read = _made.Read();

        Assert.Equal([digits, "-3"], read.Replies[0][0].EncryptionFactor!.Select(f => f.ToString()));
        Assert.Equal(digits, read.SecureAggregation!["attributes"]!["_biprime"]!.ToJsonString());
    }

    [Theory]
    [InlineData("[1.5]")]
    [InlineData("[\"7\"]")]
    [InlineData(null)]
    public void Read_FactorThatIsNoInteger_IsRefused(string? json)
    {
        Parent("job.training_replies.0.0.encryption_factor").Parent["encryption_factor"] = JsonNode.Parse(json ?? new string('7', 5000));

        AssertNames("job.training_replies.0.0.encryption_factor", _made.Refused());
    }

    [Fact]
    public void Read_NoBreakpoint_IsTold()
    {
        Assert.Throws<ArgumentException>(() => FedBioMedBreakpoint.Read(" "));
        Assert.Contains("no such directory", Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.Read(_made.ElseWhere("none"))).Message, StringComparison.Ordinal);
        Assert.Contains("breakpoint_NNNN", Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.Read(_made.ElseWhere("home"))).Message, StringComparison.Ordinal);
    }

    private static void AssertNames(string field, CheckpointException refused)
    {
        Assert.Equal(FedJobErrorCode.CheckpointInvalid, refused.Code);
        string path = string.Concat(field.Split('.').Select((p, i) => int.TryParse(p, out _) && !field.StartsWith("aggregated", StringComparison.Ordinal)
            ? $"[{p}]"
            : i == 0 ? p : "." + p));
        Assert.Contains($"{path}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("breakpoint_0002.json", refused.Message, StringComparison.Ordinal);
    }

    private (JsonNode Parent, string Name) Parent(string field)
    {
        string[] parts = field.Split('.');
        JsonNode node = _made.Json;
        foreach (string part in parts[..^1])
        {
            node = node is JsonArray array ? array[int.Parse(part)]! : node[part]!;
        }

        return (node, parts[^1]);
    }
}
