using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Node;

/// <summary>How a node shows on the broker: what it listens to, and the retained word whether it is there.</summary>
internal static class Presence
{
    /// <summary>The settings of a node's link.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="capacity">How many messages may wait on each topic.</param>
    /// <returns>The settings.</returns>
    public static MqttLinkSettings Settings(string nodeId, int capacity) => new()
    {
        ClientId = $"fedjob-{nodeId}",
        Subscriptions = [new MqttSubscription(Topics.AllNodes, capacity), new MqttSubscription(Topics.Node(nodeId), capacity)],
        Birth = Say(nodeId, "online"u8),
        Will = Say(nodeId, "offline"u8),
        Farewell = Say(nodeId, "offline"u8),
    };

    private static OutboundMessage Say(string nodeId, ReadOnlySpan<byte> word) =>
        new() { Topic = Topics.Presence(nodeId), Payload = word.ToArray(), Retain = true };
}
