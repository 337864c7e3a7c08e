using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MQTTnet;
using MQTTnet.Channel;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Implementations;

namespace FedJob.Protocol.Mqtt;

/// <summary>
/// A channel of MQTTnet that lets no packet above a limit into memory: MQTTnet reserves what a packet's length field says, up to 256 MiB.
/// An oversized message is read past and a small stand-in on <see cref="StandInTopic"/> takes its place, so that it is acknowledged and the
/// connection lives.
/// </summary>
/// <param name="inner">The real channel.</param>
/// <param name="version">The version of MQTT spoken.</param>
/// <param name="limit">The longest packet let through, in bytes after its length field.</param>
/// <param name="oversized">Told the topic and length of each message that was read past.</param>
internal sealed class BoundedChannel(IMqttChannel inner, MqttProtocolVersion version, int limit, Action<string, long> oversized)
    : IMqttChannel
{
    /// <summary>The topic of stand-ins. No broker delivers a topic with <c>$</c> to a link's filters.</summary>
    public const string StandInTopic = "$oversized";

    private const int MaximumHeader = 5;
    private const int PublishType = 3;
    private static readonly byte[] StandInTopicBytes = Encoding.UTF8.GetBytes(StandInTopic);

    // What the adapter reads next: the bytes in _ready, then _bodyLeft bytes straight from the channel, then the next packet.
    private ReadOnlyMemory<byte> _ready;
    private long _bodyLeft;

    /// <summary>Whether the connection, with TLS where it is on, was made.</summary>
    public bool HasConnected { get; private set; }

    /// <summary>Whether the broker has sent anything.</summary>
    public bool HasReceived { get; private set; }

    public X509Certificate2 ClientCertificate => inner.ClientCertificate;

    public EndPoint RemoteEndPoint => inner.RemoteEndPoint;

    public EndPoint LocalEndPoint => inner.LocalEndPoint;

    public bool IsSecureConnection => inner.IsSecureConnection;

    /// <summary>The channel of a TCP connection.</summary>
    public static BoundedChannel OverTcp(MqttClientOptions options, int limit, Action<string, long> oversized) =>
        new(new MqttTcpChannel(options), options.ProtocolVersion, limit, oversized);

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await inner.ConnectAsync(cancellationToken).ConfigureAwait(false);
        HasConnected = true;
    }

    public Task DisconnectAsync(CancellationToken cancellationToken) => inner.DisconnectAsync(cancellationToken);

    public Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken) =>
        inner.WriteAsync(buffer, isEndOfPacket, cancellationToken);

    public void Dispose() => inner.Dispose();

    public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        if (_ready.IsEmpty && _bodyLeft == 0 && !await ReadHeaderAsync(cancellationToken).ConfigureAwait(false))
        {
            return 0;
        }

        if (!_ready.IsEmpty)
        {
            var ready = Math.Min(count, _ready.Length);
            _ready[..ready].CopyTo(buffer.AsMemory(offset));
            _ready = _ready[ready..];
            return ready;
        }

        var read = await inner.ReadAsync(buffer, offset, (int)Math.Min(count, _bodyLeft), cancellationToken).ConfigureAwait(false);
        _bodyLeft -= read;
        return read;
    }

    /// <summary>Reads the next packet's type and length, and decides; <see langword="false"/> when the connection is closed.</summary>
    private async Task<bool> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        var header = new byte[MaximumHeader];
        if (!await FillAsync(header, 0, 2, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        HasReceived = true;
        var used = 2;
        while ((header[used - 1] & 0x80) != 0)
        {
            if (used == MaximumHeader)
            {
                throw new MqttProtocolViolationException("The length of a packet is malformed.");
            }

            if (!await FillAsync(header, used, 1, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            used++;
        }

        var length = 0L;
        for (var i = used - 1; i >= 1; i--)
        {
            length = (length << 7) | (uint)(header[i] & 0x7F);
        }

        if (length > limit)
        {
            return await ReadPastAsync(header[0], length, cancellationToken).ConfigureAwait(false);
        }

        _ready = header.AsMemory(0, used);
        _bodyLeft = length;
        return true;
    }

    private async Task<bool> ReadPastAsync(byte type, long length, CancellationToken cancellationToken)
    {
        if (type >> 4 != PublishType)
        {
            throw new MqttProtocolViolationException($"A packet of type {type >> 4} with {length} bytes is above the limit of {limit}.");
        }

        var buffer = new byte[2 + ushort.MaxValue];
        if (!await FillAsync(buffer, 0, 2, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        // Quality of service 0 has no packet identifier.
        var identifierLength = (type & 0x06) == 0 ? 0 : 2;
        var topicLength = BinaryPrimitives.ReadUInt16BigEndian(buffer);
        var left = length - 2 - topicLength - identifierLength;
        if (left < 0)
        {
            throw new MqttProtocolViolationException("The topic of a message is longer than the message.");
        }

        var identifier = new byte[2];
        if (!await FillAsync(buffer, 0, topicLength, cancellationToken).ConfigureAwait(false)
            || !await FillAsync(identifier, 0, identifierLength, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        var topic = Encoding.UTF8.GetString(buffer, 0, topicLength);
        while (left > 0)
        {
            var read = await inner.ReadAsync(buffer, 0, (int)Math.Min(buffer.Length, left), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            left -= read;
        }

        oversized(topic, length);
        _ready = StandIn(type, identifier.AsSpan(0, identifierLength));
        return true;
    }

    private byte[] StandIn(byte type, ReadOnlySpan<byte> identifier)
    {
        // MQTT 5 has a (here empty) list of properties after the identifier.
        var length = 2 + StandInTopicBytes.Length + identifier.Length + (version == MqttProtocolVersion.V500 ? 1 : 0);
        return
        [
            type, (byte)length, 0, (byte)StandInTopicBytes.Length, .. StandInTopicBytes, .. identifier,
            .. (version == MqttProtocolVersion.V500 ? new byte[1] : []),
        ];
    }

    private async Task<bool> FillAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var read = await inner.ReadAsync(buffer, offset, count, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            offset += read;
            count -= read;
        }

        return true;
    }
}
