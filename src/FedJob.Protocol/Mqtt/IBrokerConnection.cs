namespace FedJob.Protocol.Mqtt;

/// <summary>
/// One connection to a broker, from its handshake to its loss; it does not come back. What the link needs of an MQTT library.
/// </summary>
internal interface IBrokerConnection : IAsyncDisposable
{
    /// <summary>Whether user properties travel.</summary>
    bool SupportsUserProperties { get; }

    /// <summary>The keep-alive interval both sides agreed on.</summary>
    TimeSpan KeepAlive { get; }

    /// <summary>Ends, always successfully, when the connection has ended; says why.</summary>
    Task<ConnectionLoss> Lost { get; }

    /// <summary>Subscribes to everything the link listens to, in one packet.</summary>
    /// <exception cref="MessagingException">The broker refused, or the connection was lost (<c>ConnectionClosed</c>).</exception>
    Task SubscribeAsync(CancellationToken cancellationToken);

    /// <summary>Publishes with QoS 1 and waits for the acknowledgement.</summary>
    /// <exception cref="MessagingException">The broker refused the message, or the connection was lost
    /// (<c>ConnectionClosed</c>).</exception>
    Task<PublishOutcome> PublishAsync(OutboundMessage message, CancellationToken cancellationToken);

    /// <summary>Asks the broker for a sign of life and waits for it.</summary>
    /// <exception cref="MessagingException">The connection was lost.</exception>
    Task PingAsync(CancellationToken cancellationToken);

    /// <summary>Says goodbye, so that the broker does not publish the will.</summary>
    /// <exception cref="MessagingException">The connection was lost.</exception>
    Task DisconnectAsync(CancellationToken cancellationToken);

    /// <summary>Cuts the connection without a goodbye.</summary>
    /// <param name="reason">Why, for <see cref="Lost"/>.</param>
    void Drop(MessagingException reason);
}

/// <summary>Makes connections to one broker.</summary>
internal interface IBrokerConnector : IDisposable
{
    /// <summary>Connects, without subscribing; arrivals go to the queues the connector was made with.</summary>
    /// <exception cref="MessagingException">Nobody answers, or the broker refuses.</exception>
    Task<IBrokerConnection> ConnectAsync(CancellationToken cancellationToken);
}

/// <summary>Why a connection ended.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="IsFinal">Whether it is pointless to connect again.</param>
internal sealed record ConnectionLoss(MessagingException Reason, bool IsFinal);
