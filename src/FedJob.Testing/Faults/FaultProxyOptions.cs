using System.Net;

namespace FedJob.Testing.Faults;

/// <summary>Where a <see cref="FaultProxy"/> stands and what its chance comes from.</summary>
public sealed class FaultProxyOptions
{
    /// <summary>Host name or address of the server behind the proxy. Default: <c>127.0.0.1</c>.</summary>
    public string TargetHost { get; set; } = IPAddress.Loopback.ToString();

    /// <summary>Port of the server behind the proxy, 1 to 65535. Required. Nobody needs to listen there yet.</summary>
    public int TargetPort { get; set; }

    /// <summary>The proxy's own port on 127.0.0.1; 0 to 65535, 0 for a free one. Default: 0.</summary>
    public int Port { get; set; }

    /// <summary>What the faults by chance are drawn from; each connection and way has a generator of its own. Default: 0.</summary>
    public int Seed { get; set; }

    /// <summary>The most connections at once, 1 to 10,000; more are refused. Default: 1,000.</summary>
    public int MaximumConnections { get; set; } = 1000;

    /// <summary>How long connecting to the target may take; above 0, at most a day. Default: 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock of delays, rates and flapping. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <exception cref="ArgumentException">A value is not allowed.</exception>
    internal void Check()
    {
        Require(Uri.CheckHostName(TargetHost) != UriHostNameType.Unknown, nameof(TargetHost), TargetHost, "a host name or an IP address");
        Require(TargetPort is >= 1 and <= IPEndPoint.MaxPort, nameof(TargetPort), TargetPort, "1 to 65535");
        Require(Port is >= 0 and <= IPEndPoint.MaxPort, nameof(Port), Port, "0 (a free one) to 65535");
        Require(MaximumConnections is >= 1 and <= 10_000, nameof(MaximumConnections), MaximumConnections, "1 to 10000");
        Require(
            ConnectTimeout > TimeSpan.Zero && ConnectTimeout <= TimeSpan.FromDays(1),
            nameof(ConnectTimeout),
            ConnectTimeout,
            "above 0, at most a day");
    }

    private static void Require(bool isAllowed, string option, object value, string allowed)
    {
        if (!isAllowed)
        {
            throw new ArgumentException($"FaultProxyOptions.{option} is {value}; allowed: {allowed}.");
        }
    }
}
