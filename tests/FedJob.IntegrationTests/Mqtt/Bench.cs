using System.Text;
using FedJob.Protocol.Mqtt;
using FedJob.Testing;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.IntegrationTests.Mqtt;

/// <summary>A broker and links to it, for one test; names are unique, so that tests could share a broker.</summary>
internal sealed class Bench : IAsyncDisposable
{
    /// <summary>Long enough for a slow machine; nobody waits that long when all is well.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<MqttLink> _links = [];

    private Bench(LocalBroker broker) => Broker = broker;

    public LocalBroker Broker { get; }

    public FakeLogger Logger { get; } = new();

    public string Topic { get; } = $"general/{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<Bench> StartAsync(LocalBrokerOptions? options = null) => new(await LocalBroker.StartAsync(options, Token));

    public static OutboundMessage Message(string topic, string text, bool retain = false) =>
        new() { Topic = topic, Payload = Encoding.UTF8.GetBytes(text), Retain = retain };

    public static string Text(InboundMessage message) => Encoding.UTF8.GetString(message.Payload.Span);

    public static MqttLinkSettings Settings(params MqttSubscription[] subscriptions) =>
        new() { ClientId = $"c{Guid.NewGuid():N}", Subscriptions = subscriptions };

    public static async Task<InboundMessage> NextAsync(MqttLink link, string filter) =>
        await link.GetMessages(filter).ReadAsync(Token).AsTask().WaitAsync(Patience, Token);

    public static async Task<string> NextTextAsync(MqttLink link, string filter) => Text(await NextAsync(link, filter));

    /// <summary>Waits until a link is in a state.</summary>
    public static async Task StateAsync(MqttLink link, ConnectionState state)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        link.StateChanged += (_, change) =>
        {
            if (change.Current == state)
            {
                reached.TrySetResult();
            }
        };
        if (link.State != state)
        {
            await reached.Task.WaitAsync(Patience, Token);
        }
    }

    public BrokerOptions Options(Action<BrokerOptions>? change = null)
    {
        var options = Broker.CreateClientOptions();
        change?.Invoke(options);
        return options;
    }

    public async Task<MqttLink> ConnectAsync(MqttLinkSettings settings, Action<BrokerOptions>? change = null)
    {
        var link = await MqttLink.ConnectAsync(Options(change), settings, Logger, TimeProvider.System, Token);
        _links.Add(link);
        return link;
    }

    public Task<MqttLink> ListenAsync(string filter, int capacity = 100, Action<BrokerOptions>? change = null) =>
        ConnectAsync(Settings(new MqttSubscription(filter, capacity)), change);

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _links)
        {
            await link.DisposeAsync();
        }

        await Broker.DisposeAsync();
    }
}
