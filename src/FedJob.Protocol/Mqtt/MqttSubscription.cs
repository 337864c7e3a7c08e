namespace FedJob.Protocol.Mqtt;

/// <summary>
/// A topic the link subscribes to before anything is published, with a bounded queue of its own, so that a flood on one topic cannot crowd
/// out another.
/// </summary>
/// <param name="TopicFilter">The topic; wildcards of MQTT are allowed. Filters of one link do not overlap: a message that matches two goes
/// to the first.</param>
/// <param name="Capacity">The most messages that wait to be read; further ones are dropped and counted. At least 1.</param>
public sealed record MqttSubscription(string TopicFilter, int Capacity)
{
    /// <summary>
    /// Whether the reader says when a message is safe (<see cref="InboundMessage.AcknowledgeAsync"/>) and the broker keeps it until then.
    /// It comes again after a lost connection only when the session outlives it, see <see cref="MqttLinkSettings.SessionExpiry"/>. Brokers
    /// send only so many unacknowledged messages at a time (mosquitto: 20 for the whole link), so a reader that is slow to acknowledge
    /// holds up all topics of its link. Default: <see langword="false"/>, acknowledged once the message is in the queue.
    /// </summary>
    public bool ManualAcknowledge { get; init; }
}
