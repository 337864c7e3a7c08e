using Microsoft.Extensions.Logging;
using MQTTnet.Formatter;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// Connects with MQTT 5, or with 3.1.1 where the broker speaks nothing newer. What was agreed on first stays for the life of the link, so
/// that a connection cut at a bad moment does not cost it the user properties.
/// </summary>
internal sealed partial class MqttNetConnector(
    LinkOptions options, TlsMaterial? tls, InboundQueues queues, ILogger logger, TimeProvider timeProvider)
    : IBrokerConnector
{
    // A broker that knows only 3.1.1 has to say so, but some only close the connection; so does one that is just going down. Asked twice,
    // then believed.
    private static readonly MqttProtocolVersion[] FirstAttempts =
        [MqttProtocolVersion.V500, MqttProtocolVersion.V500, MqttProtocolVersion.V311];

    private MqttProtocolVersion? _agreed;

    public async Task<IBrokerConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        MqttProtocolVersion[] attempts = _agreed is { } agreed ? [agreed] : FirstAttempts;
        HandshakeFailure? failure = null;
        foreach (var version in attempts)
        {
            if (failure is { Kind: HandshakeFailureKind.VersionRefused } && version == MqttProtocolVersion.V500)
            {
                continue;
            }

            var connection = new MqttNetConnection(options, tls, version, queues, logger, timeProvider);
            try
            {
                failure = await connection.ConnectAsync(cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            if (failure is null)
            {
                if (version != MqttProtocolVersion.V500 && _agreed is null)
                {
                    LogOldVersion(options.Address);
                }

                _agreed = version;
                return connection;
            }

            await connection.DisposeAsync().ConfigureAwait(false);
            if (failure.Kind == HandshakeFailureKind.Other)
            {
                break;
            }
        }

        throw failure!.Exception;
    }

    public void Dispose() => tls?.Dispose();

    [LoggerMessage(1208, LogLevel.Warning, "The broker at {Address} speaks only MQTT 3.1.1: user properties do not travel")]
    private partial void LogOldVersion(string address);
}
