using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>A NumPy scalar, e.g. <c>np.float64(1.5)</c>; <c>{"__type__": "np.generic", "value": [bytes, dtype]}</c> in the file.</summary>
public sealed record ParameterScalar : ParameterValue
{
    // 16 bytes hold every element type, without an array for each value.
    private readonly UInt128 _bits;

    /// <summary>Makes a scalar from its bytes.</summary>
    /// <param name="elementType">Its type.</param>
    /// <param name="bytes">Its bytes, little-endian, exactly as many as the type has.</param>
    /// <exception cref="ArgumentException">There are more or fewer bytes.</exception>
    public ParameterScalar(TensorElementType elementType, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != elementType.GetSize())
        {
            throw new ArgumentException(
                $"A {elementType} scalar has {elementType.GetSize()} bytes, {bytes.Length} were given.", nameof(bytes));
        }

        ElementType = elementType;
        bytes.CopyTo(MemoryMarshal.AsBytes(new Span<UInt128>(ref _bits)));
    }

    /// <summary>The scalar's type.</summary>
    public TensorElementType ElementType { get; }

    internal ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in _bits))[..ElementType.GetSize()];

    internal override string PythonType => "np.generic";

    /// <summary>Makes a scalar.</summary>
    /// <typeparam name="T">A primitive number type, <see cref="Half"/>, <see cref="bool"/> or
    /// <see cref="System.Numerics.Complex"/>.</typeparam>
    /// <param name="value">The value.</param>
    /// <returns>The scalar.</returns>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is no element type.</exception>
    public static ParameterScalar Create<T>(T value)
        where T : unmanaged =>
        new(TensorElementTypeExtensions.FromClrType<T>(), MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>The value.</summary>
    /// <typeparam name="T">The .NET type of <see cref="ElementType"/>.</typeparam>
    /// <returns>The value.</returns>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not the element type.</exception>
    public T GetValue<T>()
        where T : unmanaged =>
        TensorElementTypeExtensions.FromClrType<T>() == ElementType
            ? Unsafe.ReadUnaligned<T>(ref MemoryMarshal.GetReference(Bytes))
            : throw new InvalidOperationException($"The scalar is a {ElementType}; it cannot be read as {typeof(T)}.");

    /// <summary>Gives the value as a plain Python number, where it is one of the real types.</summary>
    internal ParameterValue? ToPlainNumber() => ElementType switch
    {
        TensorElementType.Bool => new ParameterBoolean(Bytes[0] != 0),
        TensorElementType.Float16 => new ParameterFloat((double)GetValue<Half>()),
        TensorElementType.Float32 => new ParameterFloat(GetValue<float>()),
        TensorElementType.Float64 => new ParameterFloat(GetValue<double>()),
        TensorElementType.Int8 => ParameterInteger.From(GetValue<sbyte>()),
        TensorElementType.Int16 => ParameterInteger.From(GetValue<short>()),
        TensorElementType.Int32 => ParameterInteger.From(GetValue<int>()),
        TensorElementType.Int64 => ParameterInteger.From(GetValue<long>()),
        TensorElementType.UInt8 => ParameterInteger.From((long)GetValue<byte>()),
        TensorElementType.UInt16 => ParameterInteger.From((long)GetValue<ushort>()),
        TensorElementType.UInt32 => ParameterInteger.From((long)GetValue<uint>()),
        TensorElementType.UInt64 => ParameterInteger.From(new System.Numerics.BigInteger(GetValue<ulong>())),
        _ => null,
    };
}
