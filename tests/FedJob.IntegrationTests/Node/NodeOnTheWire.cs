using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Node;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using FedJob.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Penguins;

namespace FedJob.IntegrationTests.Node;

/// <summary>A broker, a repository and a node on loopback, and a bare link that speaks as a researcher does.</summary>
internal sealed class NodeOnTheWire : IAsyncDisposable
{
    public const string Researcher = "researcher_1";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-node-");

    private NodeOnTheWire()
    {
    }

    public LocalBroker Broker { get; private set; } = null!;

    public LocalRepository Files { get; private set; } = null!;

    public Repository Repository { get; private set; } = null!;

    public IMqttLink Link { get; private set; } = null!;

    public FederatedNode Node { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<NodeOnTheWire> StartAsync()
    {
        var wire = new NodeOnTheWire();
        wire.Broker = await LocalBroker.StartAsync(null, Token);
        wire.Files = await LocalRepository.StartAsync(new LocalRepositoryOptions(), Token);
        wire.Repository = new Repository(
            new RepositoryOptions { Address = wire.Files.Address }, NullLogger<Repository>.Instance, TimeProvider.System);
        var settings = new MqttLinkSettings
        {
            ClientId = "researcher",
            Subscriptions =
                [.. ((string[])[Topics.Researchers, Topics.Monitoring, Topics.AllPresence]).Select(t => new MqttSubscription(t, 1000))],
        };
        wire.Link =
            await MqttLink.ConnectAsync(wire.Broker.CreateClientOptions(), settings, NullLogger.Instance, TimeProvider.System, Token);
        wire.Node = await FederatedNode.StartAsync(wire.NodeOptions(), null, NullLoggerFactory.Instance, TimeProvider.System, Token);
        return wire;
    }

    public FederatedNodeOptions NodeOptions()
    {
        var options = new FederatedNodeOptions
        {
            NodeId = "node_1",
            StateDirectory = Path.Combine(_folder.FullName, "state"),
            Broker = Broker.CreateClientOptions(),
            Repository = new RepositoryOptions { Address = Files.Address },
        };
        options.Datasets.Add(new() { Path = Path.Combine(AppContext.BaseDirectory, "penguins.csv"), Tags = { "penguins" } });
        return options;
    }

    /// <summary>Uploads the plan and its initial parameters and writes a request for a round with both.</summary>
    public async Task<TrainRequest> RequestAsync(PlanBundle bundle)
    {
        string plan = Path.Combine(_folder.FullName, "plan.zip");
        await File.WriteAllBytesAsync(plan, bundle.Bytes, Token);
        var args = new TrainingArgs { Epochs = 1, TestRatio = 0.2, TestOnGlobalUpdates = true, TestOnLocalUpdates = true, RandomSeed = 7 };
        var local = new PenguinPlan();
        await local.InitializeAsync(new InitializationContext { TrainingArgs = args, Seed = 7 }, Token);
        string parameters = Path.Combine(_folder.FullName, "global.mpk");
        await AggregatedParametersFile.WriteAsync(parameters, Researcher, local.GetParameters(), Token);
        return new TrainRequest
        {
            ResearcherId = Researcher,
            JobId = "job_1",
            ParametersUrl = (await Repository.UploadAsync(parameters, "global.mpk", Token)).Url.AbsoluteUri,
            TrainingArgs = args,
            DatasetId = Node.Datasets.All[0].Id,
            Training = true,
            ModelArgs = [],
            TrainingPlanUrl = (await Repository.UploadAsync(plan, "plan.zip", Token)).Url.AbsoluteUri,
            TrainingPlanClass = typeof(PenguinPlan).FullName!,
            Round = 0,
            AggregatorArgs = [],
        };
    }

    public Task SendAsync(ResearcherRequest request, string requestId) => Link.PublishAsync(
        new OutboundMessage
        {
            Topic = Topics.Node(Node.Id),
            Payload = MessageWriter.Write(request),
            UserProperties = new Dictionary<string, string> { [WireProperties.RequestId] = requestId },
        },
        Token);

    public async Task<InboundMessage> NextAsync(string topic)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        ChannelReader<InboundMessage> messages = Link.GetMessages(topic);
        return await messages.ReadAsync(limit.Token);
    }

    public async Task<T> NextReplyAsync<T>()
        where T : NodeMessage
    {
        InboundMessage message = await NextAsync(Topics.Researchers);
        Assert.True(MessageReader.TryReadFromNode(message.Payload, out NodeMessage? read, out string? rejection), rejection);
        return Assert.IsType<T>(read);
    }

    public string At(string name) => Path.Combine(_folder.FullName, name);

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Link.DisposeAsync();
        Repository.Dispose();
        await Files.DisposeAsync();
        await Broker.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
