using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>A broker, scripted nodes that need no repository, and a bare link that speaks as a researcher does.</summary>
internal sealed class ScriptedWire : IAsyncDisposable
{
    private static readonly Uri File = new("http://127.0.0.1:8844/media/uploads/any.mpk");

    private ScriptedWire(LocalBroker broker, ScriptedFleet fleet, IMqttLink link) => (Broker, Fleet, Link) = (broker, fleet, link);

    public LocalBroker Broker { get; }

    public ScriptedFleet Fleet { get; }

    public IMqttLink Link { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static ScriptedNode Instant(string id) => ScriptedNode.Instant(id, File, 7);

    public static async Task<ScriptedWire> StartAsync(ScriptedFleetOptions options, TimeProvider time, params ScriptedNode[] nodes)
    {
        LocalBroker broker = await LocalBroker.StartAsync(null, Token);
        options.Broker = broker.CreateClientOptions();
        options.Repository = new RepositoryOptions { Address = new Uri(File, "/") };
        var settings = new MqttLinkSettings
        {
            ClientId = "researcher",
            Subscriptions = [.. ((string[])[Topics.Researchers, Topics.AllPresence]).Select(t => new MqttSubscription(t, 1000))],
        };
        IMqttLink link = await MqttLink.ConnectAsync(broker.CreateClientOptions(), settings, NullLogger.Instance, TimeProvider.System, Token);
        return new ScriptedWire(broker, await ScriptedFleet.StartAsync(options, nodes, null, time, Token), link);
    }

    public static Task<ScriptedWire> StartAsync(params ScriptedNode[] nodes) => StartAsync(new ScriptedFleetOptions(), TimeProvider.System, nodes);

    public Task AskAsync(ScriptedNode node, int round, string requestId) => SendAsync(
        Topics.Node(node.NodeId),
        new TrainRequest
        {
            ResearcherId = "researcher_1",
            JobId = "job_1",
            ParametersUrl = File.AbsoluteUri,
            TrainingArgs = new TrainingArgs { Epochs = 1 },
            DatasetId = node.Dataset.DatasetId,
            Training = true,
            ModelArgs = [],
            TrainingPlanUrl = File.AbsoluteUri,
            TrainingPlanClass = "Any.Plan",
            Round = round,
            AggregatorArgs = [],
        },
        requestId);

    public Task SendAsync(string topic, ResearcherRequest request, string requestId) => Link.PublishAsync(
        new OutboundMessage
        {
            Topic = topic,
            Payload = MessageWriter.Write(request),
            UserProperties = new Dictionary<string, string> { [WireProperties.RequestId] = requestId },
        },
        Token);

    /// <summary>The ids of the requests that the next train replies answer, in their order.</summary>
    public async Task<string[]> NextAsync(int count)
    {
        var ids = new List<string>();
        while (ids.Count < count)
        {
            InboundMessage message = await ReadAsync(Topics.Researchers);
            Assert.True(MessageReader.TryReadFromNode(message.Payload, out NodeMessage? read, out string? rejection), rejection);
            Assert.Equal(WireProperties.Version, message.UserProperties[WireProperties.FedJob]);
            if (read is TrainReply reply)
            {
                ids.Add(message.UserProperties[WireProperties.RequestId] + (reply.Success ? "" : $": {reply.Text}"));
            }
        }

        return [.. ids];
    }

    /// <summary>Waits until a node says it is <c>online</c> or <c>offline</c>.</summary>
    public async Task PresenceAsync(string nodeId, string word)
    {
        while (true)
        {
            InboundMessage message = await ReadAsync(Topics.AllPresence);
            if (message.Topic == Topics.Presence(nodeId) && System.Text.Encoding.ASCII.GetString(message.Payload.Span) == word)
            {
                return;
            }
        }
    }

    public async Task<InboundMessage> ReadAsync(string topic)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TestTimeouts.Default);
        return await Link.GetMessages(topic).ReadAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Fleet.DisposeAsync();
        await Link.DisposeAsync();
        await Broker.DisposeAsync();
    }
}
