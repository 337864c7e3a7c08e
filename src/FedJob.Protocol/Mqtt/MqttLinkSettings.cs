namespace FedJob.Protocol.Mqtt;

/// <summary>What one link is for: who it is and what it listens to. Where the broker is stands in <see cref="BrokerOptions"/>.</summary>
public sealed record MqttLinkSettings
{
    /// <summary>
    /// The client id at the broker; unique. Where the broker says that another link took the id over, this one fails for good, so that the
    /// two do not throw each other out for ever.
    /// </summary>
    public required string ClientId { get; init; }

    /// <summary>What is subscribed to, at first and again after every reconnection.</summary>
    public required IReadOnlyList<MqttSubscription> Subscriptions { get; init; }

    /// <summary>What the broker publishes when the link is lost without a goodbye. Default: nothing.</summary>
    public OutboundMessage? Will { get; init; }

    /// <summary>What the link publishes each time it opens, after subscribing. Default: nothing.</summary>
    public OutboundMessage? Birth { get; init; }

    /// <summary>What the link publishes before it closes in good order. Default: nothing.</summary>
    public OutboundMessage? Farewell { get; init; }

    /// <summary>
    /// How long the broker keeps this client id's subscriptions and undelivered messages after the connection ends, in whole seconds (MQTT
    /// 3.1.1 has no limit). A broker that restarts may have lost them all the same. Default: zero, every connection starts afresh.
    /// </summary>
    public TimeSpan SessionExpiry { get; init; }
}
