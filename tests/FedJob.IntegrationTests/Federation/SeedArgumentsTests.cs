using System.Collections.Concurrent;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Federation;

/// <summary>What a train request carries, as nodes that go by the Python node's rules receive it over a real broker.</summary>
public sealed class SeedArgumentsTests
{
    private readonly ConcurrentDictionary<string, EmulatedTask> _tasks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, double[]> _deltas = new(StringComparer.Ordinal);
    private double _correction;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task TrainingArgs_AllSeventeen_AreOnTheWireAsThePythonResearcherNamesThem(Fleet fleet)
    {
        await using FleetFederation federation = await StartAsync(fleet);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        JobOptions options = await OptionsAsync(client, federation);
        options.TrainingArgs = new TrainingArgs
        {
            LoaderArgs = new() { ["shuffle"] = true },
            BatchSize = 8,
            OptimizerArgs = new() { ["momentum"] = 0.5 },
            LearningRate = 1,
            Epochs = 2,
            DryRun = true,
            MaximumBatches = 3,
            TestRatio = 0.25,
            TestOnLocalUpdates = true,
            TestOnGlobalUpdates = true,
            TestMetric = TestMetric.F1Score,
            TestMetricArgs = new() { ["average"] = "macro" },
            LogInterval = 4,
            FedProxMu = 1,
            UseGpu = true,
            DifferentialPrivacy = new() { Type = DifferentialPrivacyType.Local, Sigma = 1, Clip = 2 },
            SharePersistentBuffers = false,
            RandomSeed = 1234,
        };
        await using Job job = await client.CreateJobAsync(options, Token);
        await job.RunRoundAsync(new(), Token);
        job.TrainingArgs = job.TrainingArgs with { Epochs = null, UpdateCount = 5 };
        await job.RunRoundAsync(new(), Token);

        JsonElement[] sent = [.. federation.FedBioMedNodes[0].Requests.Select(r => JsonDocument.Parse(r).RootElement)
            .Where(r => r.GetProperty("command").GetString() == "train").Select(r => r.GetProperty("training_args"))];
        Assert.Equal(
            """
            batch_maxnum=3 dp_args={"type":"local","sigma":1.0,"clip":2.0} dry_run=true epochs=2 fedprox_mu=1.0
            loader_args={"shuffle":true,"batch_size":8} log_interval=4 num_updates=null optimizer_args={"momentum":0.5,"lr":1.0}
            random_seed=1234 share_persistent_buffers=false test_metric="F1_SCORE" test_metric_args={"average":"macro"}
            test_on_global_updates=true test_on_local_updates=true test_ratio=0.25 use_gpu=true
            """.ReplaceLineEndings(" "),
            string.Join(' ', sent[0].EnumerateObject()
                .OrderBy(a => a.Name, StringComparer.Ordinal).Select(a => $"{a.Name}={a.Value.GetRawText()}")));
        Assert.Equal(("null", "5"), (sent[1].GetProperty("epochs").GetRawText(), sent[1].GetProperty("num_updates").GetRawText()));
        Assert.All(federation.FedBioMedNodes, n => Assert.False(n.IsDeaf));
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task AggregatorArguments_SmallAndHeavy_ArriveAtTheirNodesAndAreUploadedOnce(Fleet fleet)
    {
        await using FleetFederation federation = await StartAsync(fleet);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation), Token);
        int before = federation.Repository.UploadCount;
        var arguments = new AggregatorArguments
        {
            Shared = new() { Values = new() { ["aggregator_name"] = "scaffold" }, Files = Correction(3) },
            PerNode = new Dictionary<string, NodeArguments> { ["b"] = new() { Values = new() { ["weight"] = 0.5 } } },
        };

        await job.RunRoundAsync(new() { AggregatorArguments = arguments }, Token);

        // The correction once and two updates; the new parameters are those of before, bit for bit, and are not uploaded again.
        Assert.Equal(before + 3, federation.Repository.UploadCount);
        Assert.Equal(3.0, _correction);
        Assert.All(_tasks.Values, t => Assert.Equal("scaffold", (string?)t.Request["aggregator_args"]!["aggregator_name"]));
        Assert.Null(_tasks["a"].Request["aggregator_args"]!["weight"]);
        Assert.Equal(0.5, (double?)_tasks["b"].Request["aggregator_args"]!["weight"]);
        Assert.All(_tasks.Values, t => Assert.DoesNotContain(Path.GetTempPath(), t.Request.ToJsonString(), StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task AuxiliaryVariables_SharedAndPerNode_GoToTheirNodesAndComeBackByModuleAndNode(Fleet fleet)
    {
        await using FleetFederation federation = await StartAsync(fleet);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation), Token);
        var variables = new AuxiliaryVariables
        {
            Shared = Module("momentum", 1),
            PerNode = new Dictionary<string, IReadOnlyDictionary<string, ParameterMap>> { ["b"] = Module("scaffold", 2) },
        };

        await job.RunRoundAsync(new() { AuxiliaryVariables = variables }, Token);

        Assert.Equal([1.0], _deltas["a"]);
        Assert.Equal([1.0, 2.0], _deltas["b"]);
        using ReceivedAuxiliaryVariables received = job.OpenAuxiliaryVariables();
        Assert.Equal(["scaffold"], received.Modules.Keys);
        Assert.Equal(["a", "b"], received.Modules["scaffold"].Keys);
        Assert.Equal(20.0, DeltaOf((ParameterMap)received.Modules["scaffold"]["b"]));
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task SecureAggregation_ArgumentsAndEncryptedReplies_TravelExactlyAsTheyAre(Fleet fleet)
    {
        await using FleetFederation federation = await StartAsync(fleet, encrypted: true);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, federation), Token);
        var rule = new KeepsEncrypted();
        await AgreeOnKeysAsync(federation, job.Id);

        RoundResult result = await job.RunRoundAsync(
            new()
            {
                SecureAggregation = new() { ServerKeyId = "key_1", BiprimeId = "biprime_1", Random = 1, ClippingRange = 3 },
                Aggregator = rule,
            },
            Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        JsonObject request = _tasks["a"].Request;
        Assert.Equal(
            ("\"key_1\"", "\"biprime_1\"", "1.0", "3"),
            (Json("secagg_servkey_id"), Json("secagg_biprime_id"), Json("secagg_random"), Json("secagg_clipping_range")));
        Assert.Equal([BigInteger.Pow(2, 100)], rule.Seen!.Updates[0].Parameters);
        Assert.Equal([BigInteger.Pow(2, 101)], rule.Seen.Updates[1].EncryptionFactor);

        string Json(string name) => request[name]!.ToJsonString();
    }

    private static Dictionary<string, ModelParameters> Correction(double value) =>
        new() { ["aggregator_correction"] = new() { ["mean"] = ParameterTensor.Create<double>([value], 1) } };

    private static Dictionary<string, ParameterMap> Module(string name, double delta) =>
        new() { [name] = ParameterMap.Create([new("delta", new ParameterFloat(delta))]) };

    private static double DeltaOf(ParameterMap map) =>
        map.TryGetValue("delta", out ParameterValue? value) ? ((ParameterFloat)value).Value : throw new KeyNotFoundException("delta");

    private static async Task<JobOptions> OptionsAsync(FedJobClient client, FleetFederation federation) => new()
    {
        TrainingPlan = federation.MeanPlan(100),
        Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
        TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 4 },
        RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
    };

    /// <summary>The messages by which a Python researcher has its nodes make the keys before the round.</summary>
    private static async Task AgreeOnKeysAsync(FleetFederation federation, string jobId)
    {
        var settings = new MqttLinkSettings
        {
            ClientId = $"c{Guid.NewGuid():N}",
            Subscriptions = [new MqttSubscription(Topics.Researchers, 100)],
        };
        await using MqttLink link = await MqttLink.ConnectAsync(
            federation.Broker, settings, NullLogger.Instance, TimeProvider.System, Token);
        foreach (string nodeId in (string[])["a", "b"])
        {
            foreach (SecaggElement element in Enum.GetValues<SecaggElement>())
            {
                var request = new SecaggRequest
                {
                    ResearcherId = "researcher_keys",
                    SecaggId = element == SecaggElement.Biprime ? "biprime_1" : "key_1",
                    Sequence = 1,
                    Element = element,
                    JobId = element == SecaggElement.Biprime ? null : jobId,
                    Parties = ["researcher_keys", "a", "b"],
                };
                await link.PublishAsync(
                    new OutboundMessage { Topic = Topics.Node(nodeId), Payload = MessageWriter.Write(request) }, Token);
                InboundMessage reply = await link.GetMessages(Topics.Researchers).ReadAsync(Token).AsTask()
                    .WaitAsync(TestTimeouts.Default, Token);
                Assert.True(JsonNode.Parse(reply.Payload.Span)!["success"]!.GetValue<bool>());
            }
        }
    }

    private Task<FleetFederation> StartAsync(Fleet fleet, bool encrypted = false)
    {
        var options = new LocalFederationOptions();
        foreach (string nodeId in (string[])["a", "b"])
        {
            options.FedBioMedNodes.Add(new()
            {
                NodeId = nodeId,
                HasCertificates = true,
                Datasets = { FleetFederation.Emulated(nodeId, [1, 2, 3, 4]).Datasets[0] },
                Plan = new EmulatedPlan { Train = (task, _) => Task.FromResult(Train(nodeId, task, encrypted)) },
            });
        }

        return FleetFederation.StartAsync(fleet, options);
    }

    private EmulatedUpdate Train(string nodeId, EmulatedTask task, bool encrypted)
    {
        _tasks[nodeId] = task;
        if (task.AggregatorFiles.TryGetValue("aggregator_correction", out string? path))
        {
            using ModelParameters correction = TensorMapFile.Open(path);
            _correction = correction["mean"].AsSpan<double>()[0];
        }

        _deltas[nodeId] = [.. task.AuxiliaryFiles.Select(DeltaOfFile)];
        return new EmulatedUpdate
        {
            Parameters = encrypted ? [] : new ModelParameters(task.Parameters),
            SampleCount = 4,
            AuxiliaryVariables = ParameterMap.Create(
                [new("scaffold", ParameterMap.Create([new("delta", new ParameterFloat(nodeId == "a" ? 10 : 20))]))]),
            EncryptedParameters = encrypted ? [BigInteger.Pow(2, 100)] : null,
            EncryptionFactor = encrypted ? [BigInteger.Pow(2, 101)] : null,
        };
    }

    private static double DeltaOfFile(string path)
    {
        using ParameterFile file = ParameterFileReader.Open(path);
        return DeltaOf((ParameterMap)((ParameterMap)file.Value).Entries[0].Value);
    }

    private sealed class KeepsEncrypted : IAggregator
    {
        public EncryptedAggregationContext? Seen { get; private set; }

        public string Name => nameof(KeepsEncrypted);

        public bool AcceptsEncrypted => true;

        public IRoundAggregation BeginRound(AggregationContext context) =>
            throw new InvalidOperationException("only encrypted updates are expected");

        public Task<ModelParameters> CombineEncryptedAsync(EncryptedAggregationContext context, CancellationToken cancellationToken)
        {
            Seen = context;
            return Task.FromResult(new ModelParameters(context.Global));
        }
    }
}
