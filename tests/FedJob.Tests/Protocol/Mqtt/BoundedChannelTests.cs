using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CsCheck;
using FedJob.Protocol.Mqtt;
using MQTTnet.Channel;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class BoundedChannelTests
{
    private const int Limit = 1000;

    private readonly List<(string Topic, long Bytes)> _oversized = [];

    [Fact]
    public void ReadAsync_AnySmallPacketsInAnyPieces_ComeThroughUnchanged() =>
        Gen.Select(Gen.Byte.Array[0, Limit].Array[0, 10], Gen.Int[1, 50], Gen.Int[1, 5000]).Sample((bodies, piece, want) =>
        {
            var bytes = bodies.SelectMany(body => Packet(0x32, body)).ToArray();
            Assert.Equal(bytes, ReadAll(bytes, piece, want, MqttProtocolVersion.V500));
        });

    [Theory]
    [InlineData(MqttProtocolVersion.V500, 0x32)]
    [InlineData(MqttProtocolVersion.V500, 0x30)]
    [InlineData(MqttProtocolVersion.V311, 0x32)]
    [InlineData(MqttProtocolVersion.V311, 0x30)]
    [Trait("input", "1")]
    public void ReadAsync_OversizedMessage_IsReplacedByAStandInAndTheRestFollows(MqttProtocolVersion version, byte type)
    {
        byte[] identifier = type == 0x30 ? [] : [0x12, 0x34];
        byte[] big = Packet(type, [0, 3, .. "a/b"u8, .. identifier, .. new byte[5000]]);
        byte[] next = Packet(0x32, [1, 2, 3]);

        var read = ReadAll([.. big, .. next], 7, 3, version);

        byte[] properties = version == MqttProtocolVersion.V500 ? [0] : [];
        var topic = Encoding.UTF8.GetBytes(BoundedChannel.StandInTopic);
        Assert.Equal([.. Packet(type, [0, (byte)topic.Length, .. topic, .. identifier, .. properties]), .. next], read);
        Assert.Equal([("a/b", 5000 + 5 + identifier.Length)], _oversized);
    }

    [Fact]
    [Trait("input", "1")]
    public void ReadAsync_LengthThatLies_ReservesNothingForIt()
    {
        // 256 MiB are announced, 5 bytes come, the connection closes.
        byte[] bytes = [0x32, 0xFF, 0xFF, 0xFF, 0x7F, 0, 3, .. "a/b"u8];
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Empty(ReadAll(bytes, 100, 100, MqttProtocolVersion.V500));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.Empty(_oversized);
    }

    [Fact]
    public void ReadAsync_OversizedAnswer_IsRefused() =>
        Assert.Throws<MqttProtocolViolationException>(() => ReadAll(Packet(0x20, new byte[5000]), 100, 100, MqttProtocolVersion.V500));

    [Fact]
    public void ReadAsync_TopicLongerThanTheMessage_IsRefused() =>
        Assert.Throws<MqttProtocolViolationException>(() => ReadAll(Packet(0x32, [0xFF, 0xFF, .. new byte[5000]]), 100, 100, MqttProtocolVersion.V500));

    [Fact]
    public void ReadAsync_FiveLengthBytes_IsRefused() =>
        Assert.Throws<MqttProtocolViolationException>(() => ReadAll([0x32, 0xFF, 0xFF, 0xFF, 0xFF, 1], 100, 100, MqttProtocolVersion.V500));

    [Fact]
    public void ReadAsync_AnyBytes_NeverHangs() =>
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            try
            {
                ReadAll(bytes, 5, 5, MqttProtocolVersion.V500);
            }
            catch (MqttProtocolViolationException)
            {
                // The only refusal there is.
            }
        });

    private static byte[] Packet(byte type, byte[] body)
    {
        var bytes = new List<byte> { type };
        var left = body.Length;
        do
        {
            bytes.Add((byte)((left & 0x7F) | (left > 0x7F ? 0x80 : 0)));
            left >>= 7;
        }
        while (left > 0);
        return [.. bytes, .. body];
    }

    private byte[] ReadAll(byte[] bytes, int piece, int want, MqttProtocolVersion version)
    {
        using var channel = new BoundedChannel(new Pieces(bytes, piece), version, Limit, (topic, length) => _oversized.Add((topic, length)));
        var read = new List<byte>();
        var buffer = new byte[want];
        while (true)
        {
            var reading = channel.ReadAsync(buffer, 0, want, CancellationToken.None);
            Assert.True(reading.IsCompleted);
            var count = reading.GetAwaiter().GetResult();
            if (count == 0)
            {
                return [.. read];
            }

            read.AddRange(buffer[..count]);
        }
    }

    private sealed class Pieces(byte[] bytes, int piece) : IMqttChannel
    {
        private int _position;

        public X509Certificate2? ClientCertificate => null;

        public EndPoint? RemoteEndPoint => null;

        public EndPoint? LocalEndPoint => null;

        public bool IsSecureConnection => false;

        public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task DisconnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            var read = Math.Min(Math.Min(count, piece), bytes.Length - _position);
            bytes.AsSpan(_position, read).CopyTo(buffer.AsSpan(offset));
            _position += read;
            return Task.FromResult(read);
        }

        public Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
