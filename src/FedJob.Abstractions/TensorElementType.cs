namespace FedJob.Abstractions;

/// <summary>
/// The type of one element of a <see cref="ParameterTensor"/>; the names on the wire are NumPy's (<c>float32</c>, <c>int64</c>, ...).
/// </summary>
public enum TensorElementType
{
    /// <summary>IEEE 754 half precision, 2 bytes; <see cref="Half"/>.</summary>
    Float16,

    /// <summary>IEEE 754 single precision, 4 bytes; <see cref="float"/>.</summary>
    Float32,

    /// <summary>IEEE 754 double precision, 8 bytes; <see cref="double"/>.</summary>
    Float64,

    /// <summary>Signed, 1 byte; <see cref="sbyte"/>.</summary>
    Int8,

    /// <summary>Signed, 2 bytes; <see cref="short"/>.</summary>
    Int16,

    /// <summary>Signed, 4 bytes; <see cref="int"/>.</summary>
    Int32,

    /// <summary>Signed, 8 bytes; <see cref="long"/>.</summary>
    Int64,

    /// <summary>Unsigned, 1 byte; <see cref="byte"/>.</summary>
    UInt8,

    /// <summary>Unsigned, 2 bytes; <see cref="ushort"/>.</summary>
    UInt16,

    /// <summary>Unsigned, 4 bytes; <see cref="uint"/>.</summary>
    UInt32,

    /// <summary>Unsigned, 8 bytes; <see cref="ulong"/>.</summary>
    UInt64,

    /// <summary>One byte, 0 or 1; <see cref="bool"/>.</summary>
    Bool,

    /// <summary>Two single-precision numbers, real and imaginary, 8 bytes. It has no .NET element type: read its bytes.</summary>
    Complex64,

    /// <summary>Two double-precision numbers, real and imaginary, 16 bytes; <see cref="System.Numerics.Complex"/>.</summary>
    Complex128,
}
