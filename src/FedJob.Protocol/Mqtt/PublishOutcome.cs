namespace FedJob.Protocol.Mqtt;

/// <summary>What the broker said of a published message.</summary>
public enum PublishOutcome
{
    /// <summary>The broker took it.</summary>
    Accepted,

    /// <summary>The broker took it, and nobody is subscribed to the topic at the moment (MQTT 5 only).</summary>
    NoSubscribers,
}
