using System.Text;
using System.Text.Json;
using FedJob.Protocol.Messages;
using static FedJob.Tests.Protocol.Messages.SoundMessages;

namespace FedJob.Tests.Protocol.Messages;

public sealed class MessageReaderTests
{
    [Theory]
    [Trait("input", "1")]
    [InlineData("", "JSON")]
    [InlineData("   ", "JSON")]
    [InlineData("this is not json", "JSON")]
    [InlineData("{\"protocol_version\": \"1\"", "JSON")]
    [InlineData("{} {}", "JSON")]
    [InlineData("[1, 2]", "a JSON object, got an array")]
    [InlineData("3", "a JSON object, got 3")]
    [InlineData("null", "a JSON object, got null")]
    [InlineData("{}", "'protocol_version' must be \"1\", got nothing")]
    [InlineData("{\"protocol_version\": 1}", "'protocol_version' must be \"1\", got 1")]
    [InlineData("{\"protocol_version\": \"2\"}", "'protocol_version' must be \"1\", got \"2\"")]
    [InlineData("{\"protocol_version\": \"1\"}", "'command' must be one of")]
    [InlineData("{\"protocol_version\": \"1\", \"command\": \"frobnicate\"}", "got \"frobnicate\"")]
    [InlineData("{\"protocol_version\": \"1\", \"command\": [\"ping\"]}", "'command' must be one of")]
    [InlineData("{\"a\": 1, \"a\": 2}", "'a' must be there once")]
    [InlineData("{\"a\": \"\\ud800\"}", "'a' must be well-formed Unicode")]
    [InlineData("{\"\\ud800\": 1}", "well-formed Unicode")]
    [InlineData("{\"metric\": {\"Loss x\": NaN}}", "'metric.Loss x' must be a finite number, got NaN")]
    [InlineData("{\"a\": [1, -Infinity]}", "must be a finite number, got Infinity")]
    [InlineData("{\"a\": [1, 1e999]}", "'a[1]' must be a finite number, got 1e999")]
    [Trait("input", "2")]
    public void TryRead_NoMessage_IsRefusedWithTheReason(string text, string says)
    {
        AssertRefused(Encoding.UTF8.GetBytes(text), says);
    }

    [Fact]
    [Trait("input", "1")]
    public void TryRead_BytesThatAreNoText_AreRefused() => AssertRefused([0xFF, 0xFE], "UTF-8");

    [Theory]
    [Trait("input", "1")]
    [InlineData(33)]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    public void TryRead_DeepInput_IsRefusedWithoutStack(int levels)
    {
        AssertRefused(Encoding.ASCII.GetBytes("{\"protocol_version\":\"1\",\"a\":" + new string('[', levels)), "32 levels");
    }

    [Fact]
    [Trait("input", "1")]
    public void TryRead_MoreValuesThanAMessageMayHave_IsRefusedWithoutMemory()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("{\"a\":[" + string.Join(',', Enumerable.Repeat("1", 1_000_000)) + "]}");
        long before = GC.GetAllocatedBytesForCurrentThread();

        AssertRefused(bytes, "100000 values");

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    [Trait("input", "1")]
    public void TryRead_MoreFieldsThanAnObjectMayHave_IsRefused()
    {
        string fields = string.Join(',', Enumerable.Range(0, MessageLimits.MaximumProperties + 1).Select(i => $"\"f{i}\":1"));

        AssertRefused(Encoding.ASCII.GetBytes("{" + fields + "}"), "1024 fields");
    }

    [Fact]
    public void TryRead_ByteOrderMarkAndOtherOrderOfFields_AreRead()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(
            "\uFEFF{\"sequence\": 7, \"command\": \"ping\", \"researcher_id\": \"r\", \"protocol_version\": \"1\"}");

        Assert.True(MessageReader.TryReadFromResearcher(bytes, out ResearcherRequest? request, out string? rejection), rejection);
        Assert.Equal(new PingRequest { ResearcherId = "r", Sequence = 7 }, request);
    }

    [Fact]
    public void TryRead_MessageThatWasRead_KeepsNoReferenceToTheBytes()
    {
        byte[] bytes = Spoilt(Train, "model_args", "{\"width\": 1.50}");

        Assert.True(MessageReader.TryReadFromResearcher(bytes, out ResearcherRequest? request, out string? rejection), rejection);
        Array.Clear(bytes);

        Assert.Equal("{\"width\":1.50}", JsonSerializer.Serialize(Assert.IsType<TrainRequest>(request).ModelArgs));
    }

    [Theory]
    [Trait("input", "2")]
    [InlineData("round", null, "nothing: it is missing")]
    [InlineData("round", "\"0\"", "got \"0\"")]
    [InlineData("round", "0.0", "without a point, got 0.0")]
    [InlineData("round", "true", "got true")]
    [InlineData("round", "99999999999999999999", "got 99999999999999999999")]
    [InlineData("training", "1", "true or false, got 1")]
    [InlineData("model_args", "null", "an object, got null")]
    [InlineData("training_args", "null", "an object, got null")]
    [InlineData("training_args.test_ratio", "0", "written with a point (1.0, not 1), at least 0.0, at most 1.0, got 0")]
    [InlineData("training_args.log_interval", "2.0", "without a point, got 2.0")]
    [InlineData("training_args.log_interval", "null", "got null")]
    [InlineData("training_args.random_seed", "1234.0", "got 1234.0")]
    [InlineData("training_args.no_such_arg", "1", "absent (training_args has no such field)")]
    [InlineData("training_args.test_metric", "\"accuracy\"", "one of ACCURACY")]
    [InlineData("training_args.dp_args", "{\"type\": \"central\", \"sigma\": 1, \"clip\": 1.0}", "got 1")]
    [InlineData("extra_field", "\"x\"", "absent (train has no such field)")]
    [InlineData("secagg_random", "1", "a value that is not shown")]
    [InlineData("aux_var_urls", "\"http://127.0.0.1/x\"", "an array, or null")]
    [InlineData("aggregator_args", "{\"c\": {\"x\": 1}}", "a file reference")]
    public void TryReadFromResearcher_WrongField_IsRefusedByName(string path, string? json, string says)
    {
        byte[] bytes = Spoilt(Train, path, json);

        Assert.False(MessageReader.TryReadFromResearcher(bytes, out ResearcherRequest? request, out string? rejection));
        Assert.Null(request);
        Assert.StartsWith($"train: field '{path}", rejection, StringComparison.Ordinal);
        Assert.Contains(says, rejection, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("input", "7")]
    [InlineData("sample_size", "null")]
    [InlineData("sample_size", "0")]
    [InlineData("sample_size", "-5")]
    [InlineData("sample_size", "190.0")]
    [InlineData("sample_size", "1000000000001")]
    [InlineData("sample_size", "1e3")]
    [InlineData("timing", "{}")]
    [InlineData("timing.rtime_training", "-0.5")]
    [InlineData("timing.rtime_training", "1e300")]
    [InlineData("timing.ptime_training", "\"1.0\"")]
    [InlineData("timing.ptime_training", null)]
    [InlineData("timing.ptime_training", "NaN")]
    [InlineData("dataset_id", "\"\"")]
    [InlineData("state_id", "\"\"")]
    [InlineData("success", "null")]
    public void TryReadFromNode_WrongTrainReply_IsRefusedByName(string path, string? json)
    {
        Assert.False(MessageReader.TryReadFromNode(Spoilt(Trained, path, json), out NodeMessage? message, out string? rejection));
        Assert.Null(message);
        Assert.Contains($"field '{path}'", rejection, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("input", "7")]
    [InlineData("metric", "{\"Loss\": 1e101}", "metric.Loss")]
    [InlineData("metric", "{\"Loss\": NaN}", "metric.Loss")]
    [InlineData("metric", "{\"Loss\": \"0.5\"}", "metric.Loss")]
    [InlineData("metric", "{\"\": 0.5}", "metric")]
    [InlineData("metric", "null", "metric")]
    [InlineData("total_samples", "-1", "total_samples")]
    [InlineData("batch_samples", "1000000000001", "batch_samples")]
    [InlineData("num_samples_trained", "1.5", "num_samples_trained")]
    [InlineData("iteration", "null", "iteration")]
    public void TryReadFromNode_WrongMetric_IsRefusedByName(string path, string json, string named)
    {
        Assert.False(MessageReader.TryReadFromNode(Spoilt(Metric, path, json), out _, out string? rejection));
        Assert.Contains($"field '{named}'", rejection, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("input", "5")]
    [InlineData("a/b")]
    [InlineData("+")]
    [InlineData("#")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("n\\u0000")]
    [InlineData("n\u043Ede")]
    [InlineData("node_1 ")]
    [InlineData("\uFF4Eode_1")]
    [InlineData("node_1\u200B")]
    [InlineData("node_1\u0301")]
    [InlineData("node\u2024 1")]
    [InlineData("...")]
    [InlineData("a\\\\b")]
    [InlineData("node_1\\n")]
    [InlineData("%2e%2e")]
    [InlineData("$SYS")]
    public void TryRead_BadIdentifier_IsRefusedByName(string id)
    {
        foreach (string field in (string[])["node_id", "researcher_id", "job_id", "state_id"])
        {
            Assert.False(MessageReader.TryReadFromNode(Spoilt(Trained, field, $"\"{id}\""), out _, out string? rejection));
            Assert.StartsWith($"train: field '{field}' must be an id", rejection, StringComparison.Ordinal);
        }

        Assert.False(MessageReader.TryReadFromResearcher(Spoilt(Train, "dataset_id", $"\"{id}\""), out _, out string? refusal));
        Assert.StartsWith("train: field 'dataset_id' must be an id", refusal, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("input", "5")]
    public void TryRead_HugeIdentifier_IsRefusedWithAShortSentence()
    {
        Assert.False(MessageReader.TryReadFromNode(Spoilt(Trained, "node_id", $"\"{new string('n', 100_000)}\""), out _,
            out string? rejection));
        Assert.InRange(rejection.Length, 1, 250);
    }

    [Fact]
    public void TryReadFromNode_MetricWithAWholeNumber_IsRead()
    {
        Assert.True(MessageReader.TryReadFromNode(Spoilt(Metric, "metric", "{\"Loss log_loss\": 1, \"EV\": -2.5}"), out NodeMessage? read,
            out string? rejection), rejection);
        Assert.Equal(new Dictionary<string, double> { ["Loss log_loss"] = 1, ["EV"] = -2.5 }, Assert.IsType<MetricMessage>(read).Metrics);
    }

    [Fact]
    public void TryReadFromNode_UnknownFields_ArePassedOver()
    {
        byte[] bytes = Spoilt(Trained, "experiment_id", "\"x\"");

        Assert.True(MessageReader.TryReadFromNode(bytes, out NodeMessage? message, out string? rejection), rejection);
        Assert.Equal(Trained, message);
    }

    [Fact]
    public void TryReadFromNode_FailedTraining_IsReadWithItsEmptyFields()
    {
        const string Json =
            """
            {"protocol_version": "1", "researcher_id": "r", "job_id": "j", "state_id": "node_state_new", "success": false, "node_id": "n",
                "dataset_id": "",
             "params_url": "", "timing": {}, "sample_size": null, "msg": "Can't read previous node state.", "command": "train"}
            """;

        Assert.True(MessageReader.TryReadFromNode(Encoding.UTF8.GetBytes(Json), out NodeMessage? message, out string? rejection),
            rejection);
        TrainReply reply = Assert.IsType<TrainReply>(message);
        Assert.False(reply.Success);
        Assert.Equal(("", "", "node_state_new", "Can't read previous node state."),
            (reply.DatasetId, reply.ParametersUrl, reply.StateId, reply.Text));
        Assert.Null(reply.Timing);
        Assert.Null(reply.SampleCount);
    }

    [Theory]
    [InlineData("plain text")]
    [InlineData("{\"message\": 3}")]
    [InlineData("{\"message\": NaN}")]
    [InlineData("[]")]
    [InlineData("")]
    public void TryReadFromNode_LogThatIsNoJson_IsReadWithTheRawText(string text)
    {
        byte[] bytes = Spoilt(
            new LogMessage { ResearcherId = UnsetResearcher.Unknown, NodeId = "n", Level = "INFO", Text = "x" }, "msg",
            JsonSerializer.Serialize(text));

        Assert.True(MessageReader.TryReadFromNode(bytes, out NodeMessage? message, out string? rejection), rejection);
        LogMessage log = Assert.IsType<LogMessage>(message);
        Assert.Equal((text, null, null), (log.Text, log.Time, log.LoggerName));
    }

    [Fact]
    public void TryReadFromNode_DatasetOfAnotherKind_KeepsWhatHasNoProperty()
    {
        const string Entry =
            """
            {"name":"scans","data_type":"medical-folder","tags":[],"description":"","shape":{"T1":[3,4]},"dataset_id":"d","dtypes":[],
             "dataset_parameters":{"index_col":0},"dlp_id":"dlp_1"}
            """;
        var reply = new SearchReply { ResearcherId = "r", NodeId = "n", Success = true, Databases = [], Count = 0 };
        byte[] bytes = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(MessageWriter.Write(reply)).Replace("[]", $"[{Entry}]").Replace("\"count\":0", "\"count\":1"));

        Assert.True(MessageReader.TryReadFromNode(bytes, out NodeMessage? message, out string? rejection), rejection);
        DatasetEntry entry = Assert.Single(Assert.IsType<SearchReply>(message).Databases);
        Assert.Null(entry.Shape);
        Assert.Equal("{\"T1\":[3,4]}", entry.OtherShape!.ToJsonString());
        Assert.Equal("dlp_1", (string?)entry.OtherFields!["dlp_id"]);
        Assert.Null(JsonDifference.Find(bytes, MessageWriter.Write(message)));
    }

    private static void AssertRefused(byte[] bytes, string says)
    {
        Assert.False(MessageReader.TryReadFromNode(bytes, out NodeMessage? message, out string? rejection));
        Assert.False(MessageReader.TryReadFromResearcher(bytes, out ResearcherRequest? request, out string? refusal));
        Assert.Null(message);
        Assert.Null(request);
        Assert.Contains(says, rejection, StringComparison.Ordinal);
        Assert.Contains(says, refusal, StringComparison.Ordinal);
    }
}
