using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

public sealed class MessageWriterTests
{
    [Fact]
    public void Write_Ping_HasExactlyTheFieldsOfTheTable()
    {
        byte[] bytes = MessageWriter.Write(new PingRequest { ResearcherId = "researcher_abc.17", Sequence = 3 });

        Assert.Equal(
            """{"protocol_version":"1","researcher_id":"researcher_abc.17","command":"ping","sequence":3}""",
            Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public void Write_TrainWithDefaults_FillsAllArgumentsInAndKeepsNulls()
    {
        string expected =
            """
            {"protocol_version": "1", "researcher_id": "researcher_1", "command": "train", "job_id": "job_1", "state_id": null,
             "params_url": "http://127.0.0.1:18844/media/uploads/x.mpk", "dataset_id": "dataset_1", "training": true, "model_args": {},
             "training_args": {"loader_args": {}, "optimizer_args": {}, "epochs": 1, "num_updates": null, "dry_run": false,
                 "batch_maxnum": null,
               "test_ratio": 0.0, "test_on_local_updates": false, "test_on_global_updates": false, "test_metric": null,
               "test_metric_args": {},
               "log_interval": 10, "fedprox_mu": null, "use_gpu": false, "dp_args": null, "share_persistent_buffers": true,
               "random_seed": null},
             "training_plan_url": "http://localhost:18844/plan.py", "training_plan_class": "MyPlan", "secagg_servkey_id": null,
             "secagg_biprime_id": null, "secagg_random": null, "secagg_clipping_range": null, "round": 0, "aggregator_args": {},
             "aux_var_urls": null}
            """;

        Assert.Null(JsonDifference.Find(Encoding.UTF8.GetBytes(expected), MessageWriter.Write(SoundMessages.Train)));
    }

    [Fact]
    public void Write_TrainWithEverythingSet_WritesEveryForm()
    {
        TrainRequest request = SoundMessages.Train with
        {
            StateId = "node_state_1",
            TrainingArgs = new()
            {
                UpdateCount = 6,
                BatchSize = 32,
                LearningRate = 1,
                TestRatio = 0,
                TestMetric = FedJob.Abstractions.TestMetric.F1Score,
                FedProxMu = 1,
                DifferentialPrivacy = new() { Type = FedJob.Abstractions.DifferentialPrivacyType.Local, Sigma = 1, Clip = 2 },
                RandomSeed = 1234,
            },
            SecaggServerKeyId = "key_1",
            SecaggBiprimeId = "default_biprime0",
            SecaggRandom = 1,
            SecaggClippingRange = 3,
            AggregatorArgs = new JsonObject
            {
                ["aggregator_name"] = "Scaffold",
                ["correction"] = new JsonObject { ["arg_name"] = "correction", ["filename"] = "c.mpk", ["url"] = SoundMessages.Url },
            },
            AuxiliaryVariableUrls = [SoundMessages.Url],
        };

        using JsonDocument json = JsonDocument.Parse(MessageWriter.Write(request));

        JsonElement args = json.RootElement.GetProperty("training_args");
        Assert.Equal("1.0", args.GetProperty("fedprox_mu").GetRawText());
        Assert.Equal("0.0", args.GetProperty("test_ratio").GetRawText());
        Assert.Equal("""{"type":"local","sigma":1.0,"clip":2.0}""", args.GetProperty("dp_args").GetRawText());
        Assert.Equal("""{"batch_size":32}""", args.GetProperty("loader_args").GetRawText());
        Assert.Equal("""{"lr":1.0}""", args.GetProperty("optimizer_args").GetRawText());
        Assert.Equal("\"F1_SCORE\"", args.GetProperty("test_metric").GetRawText());
        Assert.Equal("1.0", json.RootElement.GetProperty("secagg_random").GetRawText());
        Assert.Equal("3", json.RootElement.GetProperty("secagg_clipping_range").GetRawText());
    }

    public static TheoryData<double, string> Doubles => new()
    {
        { 0, "0.0" }, { -0.0, "-0.0" }, { 1, "1.0" }, { -1, "-1.0" }, { 0.1, "0.1" }, { 0.30000000000000004, "0.30000000000000004" },
        { 100, "100.0" },
        { 0.0001, "0.0001" }, { 0.00012345, "0.00012345" }, { 1e-5, "1e-05" }, { 1.5e-7, "1.5e-07" }, { 123456.789, "123456.789" },
        { 1e15, "1000000000000000.0" }, { 1e16, "1e+16" }, { 1.5e300, "1.5e+300" }, { 5e-324, "5e-324" },
        { 9007199254740993, "9007199254740992.0" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
    };

    [Theory]
    [MemberData(nameof(Doubles))]
    public void Write_Double_HasTheFormOfPythonsJson(double value, string expected)
    {
        Assert.Equal(expected, ModelArgument(JsonValue.Create(value)));
    }

    public static TheoryData<string, string> Values => new()
    {
        { "float", "0.1" }, { "float whole", "1.0" }, { "half", "1.0" }, { "decimal", "1.10" }, { "decimal whole", "1.0" }, { "int", "1" },
        { "ulong", "18446744073709551615" }, { "long", "-9223372036854775808" }, { "boxed", "1.0" }, { "bool", "true" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Write_NumberMadeInDotNet_HasAPointIfItIsNoWholeNumberType(string type, string expected)
    {
        JsonValue value = type switch
        {
            "float" => JsonValue.Create(0.1f),
            "float whole" => JsonValue.Create(1f),
            "half" => JsonValue.Create((Half)1)!,
            "decimal" => JsonValue.Create(1.10m),
            "decimal whole" => JsonValue.Create(1m),
            "int" => JsonValue.Create(1),
            "ulong" => JsonValue.Create(ulong.MaxValue),
            "long" => JsonValue.Create(long.MinValue),
            "boxed" => JsonValue.Create((object)1.0)!,
            _ => JsonValue.Create(true),
        };

        Assert.Equal(expected, ModelArgument(value));
    }

    [Theory]
    [InlineData("1.0")]
    [InlineData("1")]
    [InlineData("1.500")]
    [InlineData("1E2")]
    [InlineData("-0")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("[1,1.0,{\"a\":2.0}]")]
    public void Write_NumberParsedFromText_KeepsItsCharacters(string text)
    {
        Assert.Equal(text, ModelArgument(JsonNode.Parse(text)));
    }

    [Fact]
    public void Write_AnyText_IsAsciiWithoutByteOrderMark()
    {
        byte[] bytes = MessageWriter.Write(new SearchRequest { ResearcherId = "r", Tags = ["né", "\ud83d\ude00", "\u2028\0"] });

        Assert.Equal((byte)'{', bytes[0]);
        Assert.True(Ascii.IsValid(bytes));
        Assert.True(MessageReader.TryReadFromResearcher(bytes, out ResearcherRequest? read, out _));
        Assert.Equal(["né", "\ud83d\ude00", "\u2028\0"], Assert.IsType<SearchRequest>(read).Tags);
    }

    [Fact]
    public void Write_Log_IsTheObjectPythonResearchersExpect()
    {
        var log = new LogMessage
        {
            ResearcherId = "<unknown>",
            NodeId = "node_1",
            Level = "INFO",
            Text = "it's \"done\"",
            Time = "2026",
            LoggerName = "fedjob"
        };

        using JsonDocument json = JsonDocument.Parse(MessageWriter.Write(log));

        Assert.Equal(
            """{"asctime":"2026","node_id":"node_1","name":"fedjob","level":"INFO","message":"it's \"done\""}""",
            json.RootElement.GetProperty("msg").GetString());
    }

    [Fact]
    public void Write_FailedTrainReply_HasEmptyFieldsAsAFedBioMedNode()
    {
        TrainReply failed = SoundMessages.Trained with
        {
            Success = false,
            DatasetId = "",
            ParametersUrl = "",
            Timing = null,
            SampleCount = null,
            Text = "Cannot train model in round: boom",
        };

        using JsonDocument json = JsonDocument.Parse(MessageWriter.Write(failed));

        Assert.Equal("{}", json.RootElement.GetProperty("timing").GetRawText());
        Assert.Equal("null", json.RootElement.GetProperty("sample_size").GetRawText());
        Assert.Equal("\"\"", json.RootElement.GetProperty("dataset_id").GetRawText());
        Assert.Equal("\"\"", json.RootElement.GetProperty("params_url").GetRawText());
    }

    [Fact]
    public void ToString_TrainRequest_ShowsNoArgumentsAndNoSecret()
    {
        TrainRequest request = SoundMessages.Train with { ModelArgs = new JsonObject { ["secret"] = 1 }, SecaggRandom = 0.123456 };

        Assert.Equal("train request of researcher_1: job job_1, round 0, dataset dataset_1", request.ToString());
    }

    private static string ModelArgument(JsonNode? value)
    {
        byte[] bytes = MessageWriter.Write(SoundMessages.Train with { ModelArgs = new JsonObject { ["a"] = value } });
        using JsonDocument json = JsonDocument.Parse(bytes);
        return json.RootElement.GetProperty("model_args").GetProperty("a").GetRawText();
    }
}
