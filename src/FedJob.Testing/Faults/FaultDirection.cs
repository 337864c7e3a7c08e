namespace FedJob.Testing.Faults;

/// <summary>Which way bytes travel through a <see cref="FaultProxy"/>.</summary>
public enum FaultDirection
{
    /// <summary>Both ways.</summary>
    Both,

    /// <summary>From the client that connected to the server behind the proxy.</summary>
    ToTarget,

    /// <summary>From the server behind the proxy to the client that connected.</summary>
    ToClient,
}
