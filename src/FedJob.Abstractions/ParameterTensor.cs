using System.Collections.ObjectModel;
using System.Globalization;

namespace FedJob.Abstractions;

/// <summary>
/// One named array of a model: element type, shape and bytes. Bytes are row-major (C order) and little-endian, over managed memory or a
/// mapped file; a tensor is never changed after it was made.
/// </summary>
/// <example><code>var weight = ParameterTensor.FromArray(new float[12], 3, 4);   // shape [3, 4]</code></example>
public sealed class ParameterTensor
{
    private readonly TensorStorage _storage;

    /// <summary>Makes a tensor over existing storage, without copying.</summary>
    /// <param name="elementType">The type of an element.</param>
    /// <param name="shape">The length of each dimension, outermost first; empty for a scalar.</param>
    /// <param name="storage">The bytes, exactly as many as the shape needs.</param>
    /// <param name="kind">What the tensor is to a Python peer.</param>
    /// <exception cref="ArgumentException">A dimension is negative, the element count overflows, or the byte count does not
    /// match.</exception>
    public ParameterTensor(
        TensorElementType elementType, IEnumerable<long> shape, TensorStorage storage, TensorKind kind = TensorKind.NumPyArray)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(storage);
        long[] dimensions = [.. shape];
        ElementType = elementType;
        Kind = kind;
        Shape = new ReadOnlyCollection<long>(dimensions);
        ElementCount = CountElements(dimensions, elementType);
        if (ByteCount != storage.Length)
        {
            throw new ArgumentException(
                $"Shape {FormatShape(dimensions)} of {elementType} needs {ByteCount} bytes, but {storage.Length} were given.",
                nameof(storage));
        }

        _storage = storage;
    }

    /// <summary>The type of an element.</summary>
    public TensorElementType ElementType { get; }

    /// <summary>What the tensor is to a Python peer.</summary>
    public TensorKind Kind { get; }

    /// <summary>The length of each dimension, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The number of elements: the product of <see cref="Shape"/>, 1 for a scalar.</summary>
    public long ElementCount { get; }

    /// <summary>The number of bytes.</summary>
    public long ByteCount => ElementCount * ElementType.GetSize();

    /// <summary>Makes an np.ndarray tensor that owns a copy of the values.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">The elements in row-major order.</param>
    /// <param name="shape">The length of each dimension; none given means one dimension with all values.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">The shape does not match the number of values.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is no tensor element type.</exception>
    public static ParameterTensor Create<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged => FromArray(values.ToArray(), shape);

    /// <summary>Makes an np.ndarray tensor over an array without copying it: do not write to the array afterwards.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">The elements in row-major order.</param>
    /// <param name="shape">The length of each dimension; none given means one dimension with all values.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">The shape does not match the number of values.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is no tensor element type.</exception>
    public static ParameterTensor FromArray<T>(T[] values, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return FromMemory<T>(values, shape.IsEmpty ? [values.LongLength] : shape.ToArray());
    }

    /// <summary>Makes a tensor over memory without copying it; an empty shape is a scalar.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">The elements in row-major order; do not write to them afterwards.</param>
    /// <param name="shape">The length of each dimension, outermost first; empty for a scalar.</param>
    /// <param name="kind">What the tensor is to a Python peer.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">The shape does not match the number of values.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is no tensor element type.</exception>
    public static ParameterTensor FromMemory<T>(ReadOnlyMemory<T> values, IEnumerable<long> shape, TensorKind kind = TensorKind.NumPyArray)
        where T : unmanaged =>
        new(TensorElementTypeExtensions.FromClrType<T>(), shape, new ArrayTensorStorage<T>(values), kind);

    /// <summary>Makes a tensor over raw bytes without copying them.</summary>
    /// <param name="elementType">The type of an element.</param>
    /// <param name="shape">The length of each dimension, outermost first; empty for a scalar.</param>
    /// <param name="bytes">The bytes, row-major and little-endian; do not write to them afterwards.</param>
    /// <param name="kind">What the tensor is to a Python peer.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">The shape does not match the number of bytes.</exception>
    public static ParameterTensor FromBytes(
        TensorElementType elementType, IEnumerable<long> shape, ReadOnlyMemory<byte> bytes, TensorKind kind = TensorKind.NumPyArray) =>
        new(elementType, shape, new ArrayTensorStorage<byte>(bytes), kind);

    /// <summary>All elements.</summary>
    /// <typeparam name="T">The .NET type of <see cref="ElementType"/>.</typeparam>
    /// <returns>A view, valid while the parameters that hold this tensor are not disposed.</returns>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not the element type, or there are more than
    /// <see cref="int.MaxValue"/> elements.</exception>
    /// <exception cref="ObjectDisposedException">The parameters that hold this tensor were disposed.</exception>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged
    {
        if (ElementCount > int.MaxValue)
        {
            throw new InvalidOperationException(
                $"The tensor has {ElementCount} elements, more than one span can hold; read it in blocks with AsSpan(start, count).");
        }

        return AsSpan<T>(0, (int)ElementCount);
    }

    /// <summary>A block of elements.</summary>
    /// <typeparam name="T">The .NET type of <see cref="ElementType"/>.</typeparam>
    /// <param name="start">The index of the first element, in row-major order.</param>
    /// <param name="count">How many elements.</param>
    /// <returns>A view, valid while the parameters that hold this tensor are not disposed.</returns>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not the element type.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The block reaches beyond <see cref="ElementCount"/>.</exception>
    /// <exception cref="ObjectDisposedException">The parameters that hold this tensor were disposed.</exception>
    public ReadOnlySpan<T> AsSpan<T>(long start, int count)
        where T : unmanaged
    {
        if (TensorElementTypeExtensions.TryFromClrType(typeof(T)) != ElementType)
        {
            throw new InvalidOperationException($"The tensor's elements are {ElementType}; they cannot be read as {typeof(T)}.");
        }

        return _storage.GetSpan<T>(checked(start * ElementType.GetSize()), count);
    }

    /// <summary>A block of raw bytes.</summary>
    /// <param name="offset">The index of the first byte.</param>
    /// <param name="length">How many bytes.</param>
    /// <returns>A view, valid while the parameters that hold this tensor are not disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The block reaches beyond <see cref="ByteCount"/>.</exception>
    /// <exception cref="ObjectDisposedException">The parameters that hold this tensor were disposed.</exception>
    public ReadOnlySpan<byte> GetBytes(long offset, int length) => _storage.GetSpan(offset, length);

    /// <summary>The same tensor, over the same bytes, as another kind.</summary>
    /// <param name="kind">What the tensor is to a Python peer.</param>
    /// <returns>This tensor if it is of that kind already, else a new view.</returns>
    public ParameterTensor WithKind(TensorKind kind) => kind == Kind ? this : new ParameterTensor(ElementType, Shape, _storage, kind);

    /// <summary>Element type and shape, e.g. <c>Float32[3, 4]</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => ElementType + FormatShape(Shape);

    internal static string FormatShape(IEnumerable<long> shape) =>
        "[" + string.Join(", ", shape.Select(d => d.ToString(CultureInfo.InvariantCulture))) + "]";

    private static long CountElements(long[] shape, TensorElementType elementType)
    {
        // A zero anywhere makes the tensor empty, but the other dimensions must still be sane.
        long count = 1;
        bool empty = false;
        foreach (long dimension in shape)
        {
            if (dimension < 0)
            {
                throw new ArgumentException($"Shape {FormatShape(shape)} has a negative dimension.", nameof(shape));
            }

            empty |= dimension == 0;
            if (dimension > 0 && count > long.MaxValue / elementType.GetSize() / dimension)
            {
                throw new ArgumentException($"Shape {FormatShape(shape)} has more elements than 64 bits can count.", nameof(shape));
            }

            count *= Math.Max(dimension, 1);
        }

        return empty ? 0 : count;
    }
}
