namespace FedJob.Abstractions;

/// <summary>Sizes and .NET types of <see cref="TensorElementType"/>.</summary>
public static class TensorElementTypeExtensions
{
    /// <summary>The size of one element in bytes.</summary>
    /// <param name="elementType">The element type.</param>
    /// <returns>1, 2, 4, 8 or 16.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of <see cref="TensorElementType"/>.</exception>
    public static int GetSize(this TensorElementType elementType) => elementType switch
    {
        TensorElementType.Int8 or TensorElementType.UInt8 or TensorElementType.Bool => 1,
        TensorElementType.Float16 or TensorElementType.Int16 or TensorElementType.UInt16 => 2,
        TensorElementType.Float32 or TensorElementType.Int32 or TensorElementType.UInt32 => 4,
        TensorElementType.Float64 or TensorElementType.Int64 or TensorElementType.UInt64 or TensorElementType.Complex64 => 8,
        TensorElementType.Complex128 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(elementType), elementType, "Not a tensor element type."),
    };

    /// <summary>Whether the elements are real floating-point numbers, so that they can be trained and averaged as they are.</summary>
    /// <param name="elementType">The element type.</param>
    /// <returns><see langword="true"/> for Float16, Float32 and Float64.</returns>
    public static bool IsFloatingPoint(this TensorElementType elementType) =>
        elementType is TensorElementType.Float16 or TensorElementType.Float32 or TensorElementType.Float64;

    /// <summary>The element type that a .NET type is stored as.</summary>
    /// <typeparam name="T">A primitive number type, <see cref="Half"/>, <see cref="bool"/> or
    /// <see cref="System.Numerics.Complex"/>.</typeparam>
    /// <returns>The element type of the same size and meaning.</returns>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of these types.</exception>
    public static TensorElementType FromClrType<T>()
        where T : unmanaged => TryFromClrType(typeof(T))
            ?? throw new NotSupportedException(
                $"{typeof(T)} is no tensor element type; use Half, float, double, a fixed-size integer, bool or System.Numerics.Complex.");

    internal static TensorElementType? TryFromClrType(Type type)
    {
        if (type == typeof(float)) return TensorElementType.Float32;
        if (type == typeof(double)) return TensorElementType.Float64;
        if (type == typeof(Half)) return TensorElementType.Float16;
        if (type == typeof(sbyte)) return TensorElementType.Int8;
        if (type == typeof(short)) return TensorElementType.Int16;
        if (type == typeof(int)) return TensorElementType.Int32;
        if (type == typeof(long)) return TensorElementType.Int64;
        if (type == typeof(byte)) return TensorElementType.UInt8;
        if (type == typeof(ushort)) return TensorElementType.UInt16;
        if (type == typeof(uint)) return TensorElementType.UInt32;
        if (type == typeof(ulong)) return TensorElementType.UInt64;
        if (type == typeof(bool)) return TensorElementType.Bool;
        return type == typeof(System.Numerics.Complex) ? TensorElementType.Complex128 : null;
    }
}
