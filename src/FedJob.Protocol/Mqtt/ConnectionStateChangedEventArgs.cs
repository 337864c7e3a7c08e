namespace FedJob.Protocol.Mqtt;

/// <summary>A change of the state of the link to the broker.</summary>
/// <param name="previous">The state before.</param>
/// <param name="current">The state now.</param>
/// <param name="reason">Why, where there is a reason: a lost connection, the broker's refusal.</param>
public sealed class ConnectionStateChangedEventArgs(ConnectionState previous, ConnectionState current, Exception? reason = null) : EventArgs
{
    /// <summary>The state before.</summary>
    public ConnectionState Previous { get; } = previous;

    /// <summary>The state now.</summary>
    public ConnectionState Current { get; } = current;

    /// <summary>Why, where there is a reason: a lost connection, the broker's refusal.</summary>
    public Exception? Reason { get; } = reason;
}
