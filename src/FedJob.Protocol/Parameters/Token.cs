using System.Runtime.InteropServices;

namespace FedJob.Protocol.Parameters;

/// <summary>What a MessagePack header announces.</summary>
internal enum TokenKind
{
    Nil,
    Boolean,
    Integer,
    UnsignedInteger,
    Float,
    Text,
    Bytes,
    Array,
    Map,
}

/// <summary>One MessagePack header.</summary>
/// <param name="Kind">What it announces.</param>
/// <param name="Offset">Where it stands, in bytes from the start.</param>
/// <param name="Number">The number itself (a float's bits), a length in bytes, or a count of items or entries.</param>
/// <param name="Payload">Where the bytes of a text or of bytes begin.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Token(TokenKind Kind, long Offset, long Number, long Payload = 0)
{
    public double Float => BitConverter.Int64BitsToDouble(Number);
}
