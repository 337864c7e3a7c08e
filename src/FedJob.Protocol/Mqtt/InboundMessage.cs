namespace FedJob.Protocol.Mqtt;

/// <summary>A message that arrived; its payload is a copy and stays valid.</summary>
public sealed record InboundMessage
{
    /// <summary>The topic it was published on.</summary>
    public required string Topic { get; init; }

    /// <summary>The bytes.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>MQTT 5 user properties; of several with one name the first counts. Empty where the link speaks MQTT 3.1.1.</summary>
    public IReadOnlyDictionary<string, string> UserProperties { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>When it arrived: a timestamp of the link's <see cref="TimeProvider"/>.</summary>
    public required long ArrivalTimestamp { get; init; }

    /// <summary>Sends the acknowledgement; <see langword="null"/> when the link has already sent it.</summary>
    internal Func<CancellationToken, Task>? Acknowledgement { get; init; }

    /// <summary>
    /// Tells the broker that the message is safe here and need not be sent again. Does nothing where the subscription does not ask for it
    /// (<see cref="MqttSubscription.ManualAcknowledge"/>), and nothing when the connection it came over is gone: the broker then sends it
    /// again. Call it once, in the order of arrival.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; the acknowledgement may still be sent.</param>
    /// <returns>A task that ends when the acknowledgement is written to the connection.</returns>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public Task AcknowledgeAsync(CancellationToken cancellationToken) => Acknowledgement?.Invoke(cancellationToken) ?? Task.CompletedTask;
}
