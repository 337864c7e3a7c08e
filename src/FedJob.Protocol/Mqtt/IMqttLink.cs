using System.Threading.Channels;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// A link to the broker that comes back: publishes with QoS 1, hands arrivals to bounded queues, reconnects and subscribes again by itself.
/// </summary>
public interface IMqttLink : IAsyncDisposable
{
    /// <summary>The state of the link.</summary>
    ConnectionState State { get; }

    /// <summary>
    /// Whether user properties travel: <see langword="true"/> on MQTT 5, <see langword="false"/> where the broker speaks only 3.1.1.
    /// </summary>
    bool SupportsUserProperties { get; }

    /// <summary>How many arrivals were dropped because a queue was full or a message too large.</summary>
    long DroppedCount { get; }

    /// <summary>Ends when the link is closed for good: successfully after disposal, with the reason when it failed.</summary>
    Task Completion { get; }

    /// <summary>Raised after each change of <see cref="State"/>, one at a time; a handler returns at once and does not throw.</summary>
    event EventHandler<ConnectionStateChangedEventArgs>? StateChanged;

    /// <summary>The queue of a subscription named when the link was made. It completes when the link closes for good.</summary>
    /// <param name="topicFilter">The topic filter exactly as it was given.</param>
    /// <returns>The queue.</returns>
    /// <exception cref="ArgumentException">The link has no such subscription.</exception>
    ChannelReader<InboundMessage> GetMessages(string topicFilter);

    /// <summary>
    /// Publishes a message with QoS 1 and waits for the broker's acknowledgement. While the link is reconnecting the call waits, within the
    /// publish timeout.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Ends the wait; the message may still be delivered.</param>
    /// <returns>What the broker said.</returns>
    /// <exception cref="MessagingException">The broker did not acknowledge in time, or the link is closed.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    Task<PublishOutcome> PublishAsync(OutboundMessage message, CancellationToken cancellationToken);
}
