namespace FedJob.Protocol.Mqtt;

/// <summary>
/// Where the MQTT broker is and how to talk to it. A link copies the values when it connects; later changes do not reach it.
/// </summary>
public sealed class BrokerOptions
{
    // One byte of header and four of length bound an MQTT packet to 256 MiB; the rest of it is left for the topic and the properties.
    private const int LargestMessage = (256 * 1024 * 1024) - (1024 * 1024);

    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    // The wire holds the interval as seconds in 16 bits.
    private static readonly TimeSpan LongestKeepAlive = TimeSpan.FromSeconds(ushort.MaxValue);

    /// <summary>Host name or address. Default: <c>127.0.0.1</c>.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>TCP port, 1 to 65535. Default: 1883.</summary>
    public int Port { get; set; } = 1883;

    /// <summary>User name, if the broker asks for one. Default: none.</summary>
    public string? UserName { get; set; }

    /// <summary>Password, if the broker asks for one; only with <see cref="UserName"/>; never logged. Default: none.</summary>
    public string? Password { get; set; }

    /// <summary>TLS; <see langword="null"/> for clear text. Default: clear text.</summary>
    public TlsOptions? Tls { get; set; }

    /// <summary>
    /// How long one attempt to connect may take, from the first packet to the last subscription; above 0, at most one day. Default: 10 s.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the broker may take to acknowledge a message; above 0, at most one day. Default: 10 s.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The keep-alive interval, 1 s to 65535 s; a dead link is noticed within 1.5 times this. A broker may ask for a shorter one. Default:
    /// 15 s.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The first pause before reconnecting, above 0; doubles up to <see cref="MaximumReconnectDelay"/>. Each pause is cut by chance to
    /// between half and the whole of that, so that many links do not come back at the same instant. Default: 0.5 s.
    /// </summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause before reconnecting, at least <see cref="ReconnectDelay"/>, at most one day. Default: 3 s.</summary>
    public TimeSpan MaximumReconnectDelay { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The largest payload accepted, in bytes, 1 to 255 MiB; larger ones are dropped and counted. Default: 4 MiB.</summary>
    public int MaximumMessageBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Checks the values and the rules between them.</summary>
    /// <returns>One message for each rule that is broken: the option, its value and what is allowed; none when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var broken = new List<string>();
        if (Uri.CheckHostName(Host) == UriHostNameType.Unknown)
        {
            broken.Add(
                $"{nameof(BrokerOptions)}.{nameof(Host)} is '{Host}'; allowed: a host name or an IP address, without scheme and port.");
        }

        if (Port is < 1 or > ushort.MaxValue)
        {
            broken.Add($"{nameof(BrokerOptions)}.{nameof(Port)} is {Port}; allowed: 1 to {ushort.MaxValue}.");
        }

        if (UserName is { Length: 0 })
        {
            broken.Add($"{nameof(BrokerOptions)}.{nameof(UserName)} is empty; allowed: a name, or null for none.");
        }

        if (Password is not null && UserName is null)
        {
            broken.Add(
                $"{nameof(BrokerOptions)}.{nameof(Password)} is set (not shown) and {nameof(BrokerOptions)}.{nameof(UserName)} is null; "
                + "allowed: a password only together with a user name.");
        }

        CheckTime(broken, nameof(ConnectTimeout), ConnectTimeout);
        CheckTime(broken, nameof(PublishTimeout), PublishTimeout);
        CheckTime(broken, nameof(ReconnectDelay), ReconnectDelay);
        CheckTime(broken, nameof(MaximumReconnectDelay), MaximumReconnectDelay);
        if (KeepAlive < TimeSpan.FromSeconds(1) || KeepAlive > LongestKeepAlive)
        {
            broken.Add($"{nameof(BrokerOptions)}.{nameof(KeepAlive)} is {KeepAlive}; allowed: 00:00:01 to {LongestKeepAlive}.");
        }

        if (MaximumReconnectDelay < ReconnectDelay)
        {
            broken.Add(
                $"{nameof(BrokerOptions)}.{nameof(MaximumReconnectDelay)} is {MaximumReconnectDelay} and "
                + $"{nameof(BrokerOptions)}.{nameof(ReconnectDelay)} is {ReconnectDelay}; "
                + "allowed: a maximum that is not below the first delay.");
        }

        if (MaximumMessageBytes is < 1 or > LargestMessage)
        {
            broken.Add($"{nameof(BrokerOptions)}.{nameof(MaximumMessageBytes)} is {MaximumMessageBytes}; allowed: 1 to {LargestMessage}.");
        }

        broken.AddRange(Tls?.Validate($"{nameof(BrokerOptions)}.{nameof(Tls)}") ?? []);
        return broken;
    }

    private static void CheckTime(List<string> broken, string name, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value > LongestTime)
        {
            broken.Add($"{nameof(BrokerOptions)}.{name} is {value}; allowed: above 00:00:00, at most {LongestTime}.");
        }
    }
}
