using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Node;
using FedJob.Node.Datasets;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.TrainingPlans;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.Tests.Node;

/// <summary>A real node over a fake broker and a fake repository, with one dataset of ten rows and one compiled plan.</summary>
internal sealed class NodeHarness : IAsyncDisposable
{
    public const string Researcher = "researcher_1";
    public const string Job = "job_1";
    public const string NodeId = "node_1";

    private LoggerFactory _factory = null!;

    private NodeHarness(TemporaryFolder folder, FakeRepository repository, TimeProvider timeProvider) =>
        (Folder, Repository, TimeProvider) = (folder, repository, timeProvider);

    public TemporaryFolder Folder { get; }

    public FakeRepository Repository { get; }

    public TimeProvider TimeProvider { get; }

    public FakeLogCollector Logs { get; private set; } = null!;

    public FakeLink Link { get; private set; } = null!;

    public FederatedNode Node { get; private set; } = null!;

    public Uri PlanUrl { get; private set; } = null!;

    public Uri ParametersUrl { get; private set; } = null!;

    public PlanBundle Plan { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<NodeHarness> StartAsync(Action<FederatedNodeOptions>? configure = null, TimeProvider? timeProvider = null)
    {
        var harness = new NodeHarness(new TemporaryFolder(), new FakeRepository(), timeProvider ?? TimeProvider.System);
        harness.Plan = await TestPlan.GetAsync();
        harness.PlanUrl = harness.Repository.Add(harness.Plan.Bytes.ToArray());
        harness.ParametersUrl =
            await harness.AddParametersAsync(new ModelParameters { ["w"] = ParameterTensor.FromArray(new float[] { 10, 0 }) });
        await harness.StartNodeAsync(configure);
        return harness;
    }

    /// <summary>Ends the node and starts another one in the same state directory.</summary>
    public async Task RestartAsync(Action<FederatedNodeOptions>? configure = null)
    {
        await Node.DisposeAsync();
        await StartNodeAsync(configure);
    }

    public async Task<Uri> AddParametersAsync(ModelParameters parameters)
    {
        string path = Folder.At("global.mpk");
        await AggregatedParametersFile.WriteAsync(path, Researcher, parameters, Token);
        return Repository.Add(await File.ReadAllBytesAsync(path, Token));
    }

    public TrainRequest Request(JsonObject? modelArgs = null) => new()
    {
        ResearcherId = Researcher,
        JobId = Job,
        ParametersUrl = ParametersUrl.AbsoluteUri,
        TrainingArgs = new TrainingArgs { Epochs = 1 },
        DatasetId = Node.Datasets.All[0].Id,
        Training = true,
        ModelArgs = modelArgs ?? [],
        TrainingPlanUrl = PlanUrl.AbsoluteUri,
        TrainingPlanClass = TestPlan.TypeName,
        Round = 0,
        AggregatorArgs = [],
    };

    public void Send(ResearcherRequest request, string? requestId = null, params (string Name, string Value)[] properties)
    {
        Dictionary<string, string> all = properties.ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);
        if (requestId is not null)
        {
            all[WireProperties.RequestId] = requestId;
        }

        Link.Deliver(Topics.Node(NodeId), MessageWriter.Write(request), all);
    }

    public async Task<(TrainReply Reply, OutboundMessage Raw)> NextReplyAsync() => await Link.NextAsync<TrainReply>(Token);

    /// <summary>Sends a request and waits for its reply.</summary>
    public async Task<TrainReply> TrainAsync(TrainRequest request, string? requestId = null)
    {
        Send(request, requestId);
        return (await NextReplyAsync()).Reply;
    }

    /// <summary>The parameter file behind a reply.</summary>
    public NodeParametersFile Open(TrainReply reply)
    {
        string path = Folder.At(Guid.NewGuid().ToString("N") + ".mpk");
        File.WriteAllBytes(path, Repository.Get(reply.ParametersUrl));
        return NodeParametersFile.Open(path);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _factory.Dispose();
        Folder.Dispose();
    }

    private async Task StartNodeAsync(Action<FederatedNodeOptions>? configure)
    {
        var options = new FederatedNodeOptions { NodeId = NodeId, StateDirectory = Folder.At("state"), RequireApproval = false };
        options.Repository.Address = Repository.Address;
        configure?.Invoke(options);
        var loggers = new FakeLoggerProvider();
        Logs = loggers.Collector;
        _factory = new LoggerFactory([loggers]);
        var connections = new NodeConnections(
            (settings, _) => Task.FromResult<IMqttLink>(Link = new FakeLink(settings)), Repository);
        double[] values = [.. Enumerable.Range(0, 10).Select(i => (double)i)];
        var dataset = new NodeDataset { Data = new TabularDataset("table", [DatasetColumn.FromNumbers("v", values)]), Tags = ["x", "y"] };
        Node = await FederatedNode.StartAsync(options, [dataset], () => connections, _factory, TimeProvider, Token);
    }
}
