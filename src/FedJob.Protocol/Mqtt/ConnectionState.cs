namespace FedJob.Protocol.Mqtt;

/// <summary>
/// The state of the link to the broker: Closed, Connecting, Open, Reconnecting (back to Open), and Closed or Failed for good.
/// </summary>
public enum ConnectionState
{
    /// <summary>Not connected: not yet, or disposed.</summary>
    Closed,

    /// <summary>The first connection is being made.</summary>
    Connecting,

    /// <summary>Connected, and every subscription is in place.</summary>
    Open,

    /// <summary>The connection was lost and is being made again; what waits for replies goes on waiting until its own deadline.</summary>
    Reconnecting,

    /// <summary>The broker refused the link for good (e.g. the login); it is not tried again.</summary>
    Failed,
}
