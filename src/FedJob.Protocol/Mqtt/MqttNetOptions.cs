using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace FedJob.Protocol.Mqtt;

/// <summary>Writes a link's options and messages in the terms of MQTTnet.</summary>
internal static class MqttNetOptions
{
    // The default of 8192 makes messages of a MiB a hundred times slower.
    private const int SocketBuffer = 1 << 16;

    /// <summary>The options of one connection.</summary>
    /// <param name="options">The link's options.</param>
    /// <param name="tls">The certificates; <see langword="null"/> for clear text.</param>
    /// <param name="version">The version of MQTT to speak.</param>
    /// <param name="certificateRefused">Told why the broker's certificate is not accepted.</param>
    public static MqttClientOptions Build(
        LinkOptions options, TlsMaterial? tls, MqttProtocolVersion version, Action<string> certificateRefused)
    {
        var settings = options.Settings;
        var keepSession = settings.SessionExpiry > TimeSpan.Zero;
        var builder = new MqttClientOptionsBuilder()
            .WithClientId(settings.ClientId)
            .WithTcpServer(options.Host, options.Port)
            .WithProtocolVersion(version)
            .WithCleanSession(!keepSession)
            .WithKeepAlivePeriod(options.KeepAlive)
            .WithTimeout(options.ConnectTimeout);
        if (keepSession && version == MqttProtocolVersion.V500)
        {
            builder.WithSessionExpiryInterval((uint)Math.Ceiling(settings.SessionExpiry.TotalSeconds));
        }

        if (options.UserName is not null)
        {
            builder.WithCredentials(options.UserName, options.Password);
        }

        if (settings.Will is { } will)
        {
            AddWill(builder, will, version);
        }

        if (tls is not null)
        {
            builder.WithTlsOptions(BuildTls(options.Host, tls, certificateRefused));
        }

        var built = builder.Build();
        var channel = (MqttClientTcpOptions)built.ChannelOptions;
        channel.BufferSize = SocketBuffer;

        // The default cuts the socket off at close, and a goodbye still on its way with it.
        channel.LingerState = new LingerOption(false, 0);
        return built;
    }

    /// <summary>A message to publish.</summary>
    /// <param name="message">The message.</param>
    /// <param name="withUserProperties">Whether user properties travel.</param>
    public static MqttApplicationMessage ToMqttNet(OutboundMessage message, bool withUserProperties) => new()
    {
        Topic = message.Topic,
        Payload = new(message.Payload),
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        Retain = message.Retain,
        UserProperties = withUserProperties && message.UserProperties.Count > 0
            ? [.. message.UserProperties.Select(
                pair => new MqttUserProperty(pair.Key, new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(pair.Value))))]
            : null,
    };

    /// <summary>An upper bound of a message's packet, in bytes.</summary>
    public static long PacketSize(OutboundMessage message)
    {
        // Header, length, packet identifier, two more lengths.
        var size = 16L + Encoding.UTF8.GetByteCount(message.Topic) + message.Payload.Length;
        foreach (var (name, value) in message.UserProperties)
        {
            size += 5 + Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value);
        }

        return size;
    }

    private static void AddWill(MqttClientOptionsBuilder builder, OutboundMessage will, MqttProtocolVersion version)
    {
        builder.WithWillTopic(will.Topic)
            .WithWillPayload(will.Payload.ToArray())
            .WithWillRetain(will.Retain)
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        if (version != MqttProtocolVersion.V500)
        {
            return;
        }

        foreach (var (name, value) in will.UserProperties)
        {
            builder.WithWillUserProperty(name, new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(value)));
        }
    }

    private static MqttClientTlsOptions BuildTls(string host, TlsMaterial tls, Action<string> certificateRefused) => new()
    {
        UseTls = true,
        TargetHost = host,

        // With these MQTTnet has the platform build the chain to them alone (X509ChainTrustMode.CustomRootTrust).
        TrustChain = tls.Authorities,
        RevocationMode = X509RevocationMode.NoCheck,
        ClientCertificatesProvider = tls.ClientCertificate is { } certificate
            ? new DefaultMqttCertificatesProvider(new X509Certificate2Collection(certificate))
            : null,
        CertificateValidationHandler = presented =>
        {
            if (TlsMaterial.DescribeProblem(presented.Certificate, presented.Chain, presented.SslPolicyErrors) is not { } problem)
            {
                return true;
            }

            certificateRefused(problem);
            return false;
        },
    };
}
