using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace FedJob.Testing;

/// <summary>How a <see cref="LocalBroker"/> behaves. The defaults let everybody in, over clear text.</summary>
public sealed class LocalBrokerOptions
{
    /// <summary>The address of this machine it listens on. Default: 127.0.0.1, which only this machine reaches. Anything else opens it to others.</summary>
    public IPAddress ListenAddress { get; set; } = IPAddress.Loopback;

    /// <summary>The port on <see cref="ListenAddress"/>; 0 for a free one. Default: 0.</summary>
    public int Port { get; set; }

    /// <summary>The user name asked for; <see langword="null"/> lets everybody in. Default: none.</summary>
    public string? UserName { get; set; }

    /// <summary>The password asked for together with <see cref="UserName"/>. Default: none.</summary>
    public string? Password { get; set; }

    /// <summary>Whether the broker refuses MQTT 5, as an old one does. Default: <see langword="false"/>.</summary>
    public bool OnlyMqtt311 { get; set; }

    /// <summary>The certificate, with its key, of a broker that speaks TLS and nothing else; <see langword="null"/> for clear text. Default: clear text.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>With <see cref="Certificate"/>: the authority that clients must present a certificate of. Default: clients need none.</summary>
    public X509Certificate2? ClientAuthority { get; set; }
}
