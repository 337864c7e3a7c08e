using System.Text;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.Tests.Protocol.Mqtt;

/// <summary>A link over a scripted broker and a fake clock, with every change of its state recorded.</summary>
internal sealed class LinkFixture
{
    public const string Topic = "general/researcher";

    public ScriptedBroker Broker { get; } = new();

    public TimerWatch Time { get; } = new();

    public FakeLogger Logger { get; } = new();

    public BrokerOptions Options { get; } = new();

    public MqttLinkSettings Settings { get; set; } = new() { ClientId = "researcher_1", Subscriptions = [new MqttSubscription(Topic, 8)] };

    public List<ConnectionStateChangedEventArgs> Changes { get; } = [];

    public InboundQueues? Queues { get; private set; }

    public static OutboundMessage Message(string topic = "general/nodes", string text = "{}") => new() { Topic = topic, Payload = Encoding.UTF8.GetBytes(text) };

    public async Task<MqttLink> ConnectAsync()
    {
        var options = LinkOptions.Freeze(Options, Settings);
        Queues = new InboundQueues(options, MqttNetArrivals.Matches, new DropCounter(Logger), Time);
        var link = await MqttLink.ConnectAsync(Broker, options, Queues, new Random(1), Logger, Time, TestContext.Current.CancellationToken);
        link.StateChanged += (_, change) => Broker.Change(() => Changes.Add(change));
        return link;
    }

    /// <summary>Waits until the link has gone through a state (again).</summary>
    public Task StateAsync(ConnectionState state, int times = 1) => Broker.UntilAsync(() => Changes.Count(change => change.Current == state) >= times);

    /// <summary>Waits for the pause before the next attempt, and lets it pass.</summary>
    public async Task<TimeSpan> PassPauseAsync(double wholeSeconds)
    {
        var pause = await Time.TimerAsync(TimeSpan.FromSeconds(wholeSeconds / 2), TimeSpan.FromSeconds(wholeSeconds));
        Time.Advance(pause);
        return pause;
    }
}
