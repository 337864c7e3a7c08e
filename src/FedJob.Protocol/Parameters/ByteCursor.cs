using System.Buffers.Binary;
using MessagePack;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Walks MessagePack headers over raw memory with 64-bit offsets; nothing is allocated. Every length is held against the bytes that remain
/// before anything relies on it.
/// </summary>
internal unsafe struct ByteCursor(byte* start, long length, string name)
{
    public long Position { get; set; }

    public readonly long Length => length;

    /// <summary>Bytes that were announced by a header already read.</summary>
    public readonly ReadOnlySpan<byte> Span(long offset, int count) => new(start + offset, count);

    /// <summary>Reads the next header and steps over the payload of a text or bytes, not into an array or map.</summary>
    public Token Next()
    {
        long offset = Position;
        byte code = Take(1, offset, "value")[0];
        return code switch
        {
            <= MessagePackCode.MaxFixInt => new Token(TokenKind.Integer, offset, code),
            <= MessagePackCode.MaxFixMap => Container(TokenKind.Map, offset, code & 0x0F),
            <= MessagePackCode.MaxFixArray => Container(TokenKind.Array, offset, code & 0x0F),
            <= MessagePackCode.MaxFixStr => Payload(TokenKind.Text, offset, code & 0x1F),
            >= MessagePackCode.MinNegativeFixInt => new Token(TokenKind.Integer, offset, (sbyte)code),
            MessagePackCode.Nil => new Token(TokenKind.Nil, offset, 0),
            MessagePackCode.False => new Token(TokenKind.Boolean, offset, 0),
            MessagePackCode.True => new Token(TokenKind.Boolean, offset, 1),
            MessagePackCode.Bin8 => Payload(TokenKind.Bytes, offset, ReadUnsigned(1, offset)),
            MessagePackCode.Bin16 => Payload(TokenKind.Bytes, offset, ReadUnsigned(2, offset)),
            MessagePackCode.Bin32 => Payload(TokenKind.Bytes, offset, ReadUnsigned(4, offset)),
            MessagePackCode.Float32 => Float(offset, ReadSingle(offset)),
            MessagePackCode.Float64 => new Token(TokenKind.Float, offset, (long)ReadUInt64(offset)),
            MessagePackCode.UInt8 => new Token(TokenKind.Integer, offset, ReadUnsigned(1, offset)),
            MessagePackCode.UInt16 => new Token(TokenKind.Integer, offset, ReadUnsigned(2, offset)),
            MessagePackCode.UInt32 => new Token(TokenKind.Integer, offset, ReadUnsigned(4, offset)),
            MessagePackCode.UInt64 => Unsigned(offset, ReadUInt64(offset)),
            MessagePackCode.Int8 => new Token(TokenKind.Integer, offset, (sbyte)ReadUnsigned(1, offset)),
            MessagePackCode.Int16 => new Token(TokenKind.Integer, offset, (short)ReadUnsigned(2, offset)),
            MessagePackCode.Int32 => new Token(TokenKind.Integer, offset, (int)ReadUnsigned(4, offset)),
            MessagePackCode.Int64 => new Token(TokenKind.Integer, offset, (long)ReadUInt64(offset)),
            MessagePackCode.Str8 => Payload(TokenKind.Text, offset, ReadUnsigned(1, offset)),
            MessagePackCode.Str16 => Payload(TokenKind.Text, offset, ReadUnsigned(2, offset)),
            MessagePackCode.Str32 => Payload(TokenKind.Text, offset, ReadUnsigned(4, offset)),
            MessagePackCode.Array16 => Container(TokenKind.Array, offset, ReadUnsigned(2, offset)),
            MessagePackCode.Array32 => Container(TokenKind.Array, offset, ReadUnsigned(4, offset)),
            MessagePackCode.Map16 => Container(TokenKind.Map, offset, ReadUnsigned(2, offset)),
            MessagePackCode.Map32 => Container(TokenKind.Map, offset, ReadUnsigned(4, offset)),
            0xC1 => throw Error("the reserved byte 0xC1 stands where a value should begin", offset),
            _ => throw Error($"a MessagePack extension type (0x{code:X2}) stands where a value should begin; the format has none", offset),
        };
    }

    /// <summary>The error for a fault of the file.</summary>
    public readonly ParameterFormatException Error(string fault, long offset) =>
        new($"{name} is not a well-formed parameter file: at byte {offset}, {fault}.", offset);

    private static Token Unsigned(long offset, ulong value) =>
        new(value <= long.MaxValue ? TokenKind.Integer : TokenKind.UnsignedInteger, offset, (long)value);

    private static Token Float(long offset, double value) => new(TokenKind.Float, offset, BitConverter.DoubleToInt64Bits(value));

    private readonly Token Container(TokenKind kind, long offset, long count)
    {
        // An item takes at least one byte, an entry two: a count beyond that is a lie.
        bool map = kind == TokenKind.Map;
        long remaining = length - Position;
        return (map ? 2 * count : count) <= remaining
            ? new Token(kind, offset, count)
            : throw Error(
                $"a {(map ? $"map announces {count} entries" : $"list announces {count} items")}, but only {remaining} bytes follow",
                offset);
    }

    private Token Payload(TokenKind kind, long offset, long count)
    {
        long payload = Position;
        if (count > length - payload)
        {
            string what = kind == TokenKind.Text ? "a text announces" : "bytes announce";
            throw Error($"{what} a length of {count} bytes, but only {length - payload} follow", offset);
        }

        Position = payload + count;
        return new Token(kind, offset, count, payload);
    }

    private double ReadSingle(long offset) => BinaryPrimitives.ReadSingleBigEndian(Take(4, offset, "number"));

    private ulong ReadUInt64(long offset) => BinaryPrimitives.ReadUInt64BigEndian(Take(8, offset, "number"));

    private uint ReadUnsigned(int size, long offset)
    {
        ReadOnlySpan<byte> bytes = Take(size, offset, "header");
        return size switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        };
    }

    private ReadOnlySpan<byte> Take(int count, long offset, string what)
    {
        if (count > length - Position)
        {
            throw Error($"a {what} is cut off: the input ends after {length} bytes", offset);
        }

        ReadOnlySpan<byte> taken = Span(Position, count);
        Position += count;
        return taken;
    }
}
