namespace FedJob.Protocol.Mqtt;

/// <summary>A message to be published, always with QoS 1 (at least once).</summary>
public sealed record OutboundMessage
{
    /// <summary>The topic, without wildcards.</summary>
    public required string Topic { get; init; }

    /// <summary>The bytes.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>MQTT 5 user properties; dropped where the broker speaks only MQTT 3.1.1. Default: none.</summary>
    public IReadOnlyDictionary<string, string> UserProperties { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether the broker keeps the message for later subscribers. Default: <see langword="false"/>.</summary>
    public bool Retain { get; init; }
}
