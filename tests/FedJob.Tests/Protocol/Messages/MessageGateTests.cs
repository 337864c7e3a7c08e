using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using static FedJob.Tests.Protocol.Messages.SoundMessages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>What the gate refuses, and that it names field, value and accepted form.</summary>
[Trait("input", "2")]
public sealed class MessageGateTests
{
    private static readonly Dictionary<string, (ProtocolMessage Message, string? Field, string Says)> Refused = new(StringComparer.Ordinal)
    {
        ["researcher id"] = (Train with { ResearcherId = "a/b" }, "researcher_id", "'a/b'"),
        ["researcher id null"] = (Train with { ResearcherId = null! }, "researcher_id", "null"),
        ["researcher id unset outside errors"] = (Train with { ResearcherId = "<unknown>" }, "researcher_id", "'<unknown>'"),
        ["look-alike id"] = (Train with { JobId = "j\u043Eb" }, "job_id", "A-Z a-z 0-9"),
        ["long id"] = (Train with { DatasetId = new string('d', 129) }, "dataset_id", "1 to 128"),
        ["empty state id"] = (Train with { StateId = "" }, "state_id", "or null"),
        ["negative round"] = (Train with { Round = -1 }, "round", "-1"),
        ["negative sequence"] = (new PingRequest { ResearcherId = "r", Sequence = -1 }, "sequence", "-1"),
        ["plan url"] = (Train with { TrainingPlanUrl = "not a url" }, "training_plan_url", "'not a url'"),
        ["plan class"] = (Train with { TrainingPlanClass = "os.system('x')" }, "training_plan_class", "the name of a class"),
        ["params url empty"] = (Train with { ParametersUrl = "" }, "params_url", "''"),
        ["aux url"] = (Train with { AuxiliaryVariableUrls = [Url, "x"] }, "aux_var_urls[1]", "'x'"),
        ["model args null"] = (Train with { ModelArgs = null! }, "model_args", "an object"),
        ["training args null"] = (Train with { TrainingArgs = null! }, "training_args", "an object"),
        ["nothing to train"] = (WithArgs(new()), "training_args", "both unset"),
        ["epochs and updates"] = (WithArgs(new() { Epochs = 1, UpdateCount = 2 }), "training_args", "exclude each other"),
        ["test ratio 1"] = (WithArgs(new() { Epochs = 1, TestRatio = 1 }), "training_args", "no sample to train on"),
        ["unknown metric"] = (WithArgs(new() { Epochs = 1, TestMetric = (TestMetric)99 }), "training_args.test_metric",
            "ACCURACY, F1_SCORE"),
        ["batch size as float"] = (
            WithArgs(new() { Epochs = 1, LoaderArgs = new JsonObject { ["batch_size"] = 32.0 } }), "training_args.loader_args.batch_size",
                "32.0"),
        ["random only"] = (Train with { SecaggRandom = 0.5 }, "secagg_servkey_id", "every other secagg field null"),
        ["key only"] = (Train with { SecaggServerKeyId = "k" }, "secagg_biprime_id", "every other secagg field null"),
        ["ids only"] = (Train with { SecaggServerKeyId = "k", SecaggBiprimeId = "b" }, "secagg_random", "every other secagg field null"),
        ["clipping only"] = (Train with { SecaggClippingRange = 3 }, "secagg_servkey_id", "every other secagg field null"),
        ["random NaN"] = (
            Train with { SecaggServerKeyId = "k", SecaggBiprimeId = "b", SecaggRandom = double.NaN }, "secagg_random",
                "a value that is not shown"),
        ["file reference without url"] = (WithAggregator("""{"c": {"node_1": 0.5}}"""), "aggregator_args.c", "a file reference"),
        ["file reference with path"] = (
            WithAggregator("""{"c": {"arg_name": "c", "filename": "/home/me/c", "url": "http://127.0.0.1:18844/c"}}"""),
                "aggregator_args.c.filename", "a bare name"),
        ["file reference with bad url"] = (
            WithAggregator("""{"c": {"arg_name": "c", "filename": "c", "url": "nowhere"}}"""), "aggregator_args.c.url", "'nowhere'"),
        ["NaN"] = (WithModel(JsonValue.Create(double.NaN)), "model_args.a", "NaN"),
        ["float infinity"] = (WithModel(new JsonArray(1, JsonValue.Create(float.PositiveInfinity))), "model_args.a[1]", "Single"),
        ["number that is infinite to Python"] = (WithModel(JsonNode.Parse("1e999")), "model_args.a", "a finite number"),
        ["number too long for Python"] = (WithModel(JsonNode.Parse(new string('1', 5000))), "model_args.a", "1000 characters"),
        ["lone surrogate"] = (WithModel(JsonValue.Create("\ud800")), "model_args.a", "well-formed"),
        ["lone surrogate in parsed text"] = (WithModel(JsonNode.Parse("\"\\ud800\"")), "model_args.a", "well-formed"),
        ["lone surrogate in a name"] = (Train with { ModelArgs = new JsonObject { ["\udc00"] = 1 } }, "model_args.?",
            "well-formed Unicode"),
        ["lone surrogate in a tag"] = (new SearchRequest { ResearcherId = "r", Tags = ["ok", "\ud800"] }, "tags[1]", "well-formed Unicode"),
        ["name twice"] = (Train with { ModelArgs = JsonNode.Parse("""{"b": 1, "b": 2}""")!.AsObject() }, "model_args", "stand once"),
        ["opaque value"] = (WithModel(JsonValue.Create(new List<double> { 1 })), "model_args.a", "made of a .NET"),
        ["too deep"] = (WithModel(Nested(10_000)), null, "32 levels"),
        ["too large"] = (WithModel(JsonValue.Create(new string('x', MessageLimits.MaximumBytes))), null, "1048576 bytes"),
        ["two parties"] = (Secagg with { Parties = ["researcher_1", "node_1"] }, "parties", "at least 3"),
        ["researcher not first"] = (Secagg with { Parties = ["node_1", "researcher_1", "node_2"] }, "parties[0]",
            "'researcher_1', who comes first"),
        ["party twice"] = (Secagg with { Parties = ["researcher_1", "node_1", "node_1"] }, "parties", "twice"),
        ["biprime with job"] = (Secagg with { JobId = "job_1" }, "job_id", "null for a biprime"),
        ["server key without job"] = (Secagg with { Element = SecaggElement.ServerKey }, "job_id", "the job of a server key"),
        ["no such element"] = (Secagg with { Element = (SecaggElement)7 }, "element", "0 (server key) or 1 (biprime)"),
        ["count of databases"] = (
            new SearchReply { ResearcherId = "r", NodeId = "n", Success = true, Databases = [], Count = 1 }, "count", "'databases' has 0"),
        ["no samples"] = (Trained with { SampleCount = 0 }, "sample_size", "1 to 1000000000000"),
        ["trained without timing"] = (Trained with { Timing = null }, "timing", "{}"),
        ["metric NaN"] = (Metric with { Metrics = new Dictionary<string, double> { ["Loss x"] = double.NaN } }, "metric.Loss x", "NaN"),
    };

    public static TheoryData<string> Names => [.. Refused.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Write_WhatTheReceiverWouldRefuse_ThrowsNamingFieldAndAcceptedForm(string name)
    {
        (ProtocolMessage message, string? field, string says) = Refused[name];

        MessageFormatException refusal = Assert.Throws<MessageFormatException>(() => MessageWriter.Write(message));

        Assert.Equal(FedJobErrorCode.MessageInvalid, refusal.Code);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        if (field is not null)
        {
            Assert.Equal(field, refusal.Field);
            Assert.Contains($"'{field}'", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("http://127.0.0.1:18844/media/uploads/2026/11/22/my_model_5f7b.py")]
    [InlineData("http://localhost:18844/x.py")]
    [InlineData("https://repository.hospital.example/upload/x.py?a=b#c")]
    [InlineData("http://10.1.2.3/x%20y.py")]
    [InlineData("http://[2001:db8::7]:8080/x")]
    [InlineData("http://xn--bcher-kva.example/x")]
    [InlineData("http://a-b.example:80/~x/(1),2;3")]
    public void Write_UrlThatNodesAccept_IsWritten(string url)
    {
        Assert.NotEmpty(MessageWriter.Write(Train with { TrainingPlanUrl = url }));
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/x.py")]
    [InlineData("http://repository:8844/x.py")]
    [InlineData("http://my_host.example/x")]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://127.0.0.256/x")]
    [InlineData("http://0.0.0.0:8080/x")]
    [InlineData("http://127.0.0.1:70000/x")]
    [InlineData("http://[:::]:8080/x")]
    [InlineData("http://a--b.example/x")]
    [InlineData("http://user:word@127.0.0.1:18844/x")]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("http://127.0.0.1/x y")]
    [InlineData("http://127.0.0.1/x\n")]
    [InlineData(" http://127.0.0.1/x")]
    [InlineData("http://\u212Aelvin.example/x")]
    public void Write_UrlThatNodesRefuse_Throws(string url)
    {
        Assert.Throws<MessageFormatException>(() => MessageWriter.Write(Train with { TrainingPlanUrl = url }));
    }

    [Theory]
    [InlineData(UnsetResearcher.NotSet)]
    [InlineData(UnsetResearcher.UnknownResearcherId)]
    [InlineData(UnsetResearcher.Unknown)]
    public void Write_ErrorWithAnUnsetResearcher_IsWritten(string researcher)
    {
        byte[] bytes = MessageWriter.Write(new ErrorReply
        {
            ResearcherId = researcher,
            NodeId = "n",
            ErrorNumber = "FB300",
            ExtraText = ""
        });

        Assert.True(MessageReader.TryReadFromNode(bytes, out NodeMessage? read, out string? rejection), rejection);
        Assert.Equal(researcher, read.ResearcherId);
        Assert.True(UnsetResearcher.IsUnset(read.ResearcherId));
    }

    [Fact]
    public void Write_MessageOfAnotherKind_Throws()
    {
        Assert.Throws<MessageFormatException>(() => MessageWriter.Write(new StrangeRequest { ResearcherId = "r" }));
    }

    [Fact]
    public void Write_NodeRepositoryUnderAShortName_IsWritten()
    {
        // only nodes demand a dot in the host; a FedJob node tells researchers its own repository's address as it is
        byte[] bytes = MessageWriter.Write(Trained with { ParametersUrl = "http://repository:8844/x.mpk" });

        Assert.True(MessageReader.TryReadFromNode(bytes, out _, out string? rejection), rejection);
    }

    private static TrainRequest WithModel(JsonNode? value) => Train with { ModelArgs = new JsonObject { ["a"] = value } };

    private static TrainRequest WithAggregator(string json) => Train with { AggregatorArgs = JsonNode.Parse(json)!.AsObject() };

    private static JsonArray Nested(int levels)
    {
        var outer = new JsonArray();
        for (int i = 1; i < levels; i++)
        {
            outer = new JsonArray(outer);
        }

        return outer;
    }

    private sealed record StrangeRequest : ResearcherRequest
    {
        public override string Command => "strange";
    }
}
