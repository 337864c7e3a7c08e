using System.Numerics;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>Turns the <c>value</c> of <c>{"__type__": T, "value": V}</c>, itself already decoded, into what it stands for.</summary>
internal static class TypedValueReader
{
    public const string KnownNames = "tuple, int, np.ndarray, np.generic, torch.Tensor, Vector";

    public static bool IsKnown(string type) =>
        type is TypedForm.Tuple or TypedForm.Integer or TypedForm.NumPyArray or TypedForm.NumPyScalar
            or TypedForm.TorchTensor or TypedForm.Vector;

    /// <summary>The bytes the decoded value costs.</summary>
    public static long CostOf(ParameterValue value) => value switch
    {
        ParameterBytes bytes => 32 + 24 + Math.Min(bytes.Length, ParameterBigInteger.MaximumBytes),
        ParameterList list => 24 + TensorShape.CostOf(Math.Min(list.Array.Length == 3 ? TypedForm.MaximumDimensions : 0, 4)),
        _ => 32,
    };

    /// <summary>Decodes a value.</summary>
    /// <param name="type">A known type.</param>
    /// <param name="value">What stands under <c>value</c>.</param>
    /// <param name="fault">What is wrong, if something is.</param>
    /// <returns>The value, or <see langword="null"/> if something is wrong.</returns>
    public static ParameterValue? Read(string type, ParameterValue value, out string? fault)
    {
        fault = null;
        switch (type)
        {
            case TypedForm.Tuple:
                return value is ParameterList list
                    ? ParameterTuple.Over(list.Array)
                    : Fail(out fault, "a tuple's value must be a list", value);
            case TypedForm.Integer:
                return ReadInteger(value, out fault);
            case TypedForm.NumPyScalar:
                return ReadScalar(value, out fault);
            case TypedForm.Vector:
                return ReadVector(value, out fault);
            default:
                return ReadTensor(type == TypedForm.TorchTensor ? TensorKind.TorchTensor : TensorKind.NumPyArray, value, out fault);
        }
    }

    private static ParameterValue? ReadInteger(ParameterValue value, out string? fault)
    {
        if (value is not ParameterBytes { Length: > 0 and <= ParameterBigInteger.MaximumBytes } bytes)
        {
            return value is ParameterBytes other
                ? Fail(out fault, $"an int must have 1 to {ParameterBigInteger.MaximumBytes} bytes, this one has {other.Length}")
                : Fail(out fault, "an int's value must be bytes", value);
        }

        fault = null;
        return ParameterInteger.From(new BigInteger(bytes.GetSpan(0, (int)bytes.Length), isUnsigned: true, isBigEndian: true));
    }

    private static ParameterScalar? ReadScalar(ParameterValue value, out string? fault)
    {
        if (ItemsOf(value) is not [ParameterBytes bytes, ParameterText dtype])
        {
            return Fail<ParameterScalar>(out fault, "an np.generic's value must be [bytes, dtype]", value);
        }

        if (TypedForm.ParseElementType(dtype.Value) is not { } elementType)
        {
            return Fail<ParameterScalar>(out fault, UnknownElementType(dtype));
        }

        // NumPy reads an array and takes its first element.
        int size = elementType.GetSize();
        if (bytes.Length == 0 || bytes.Length % size != 0)
        {
            return Fail<ParameterScalar>(out fault, $"an np.generic of {dtype.Value} must have {size} bytes, this one has {bytes.Length}");
        }

        fault = null;
        ReadOnlySpan<byte> element = bytes.GetSpan(0, size);
        return elementType == TensorElementType.Bool ? ParameterScalar.Create(element[0] != 0) : new ParameterScalar(elementType, element);
    }

    private static ParameterVector? ReadVector(ParameterValue value, out string? fault)
    {
        if (value is not ParameterMap coefficients)
        {
            return Fail<ParameterVector>(out fault, "a Vector's value must be a map of coefficients", value);
        }

        return ParameterVector.DescribeFault(coefficients) is { } wrong
            ? Fail<ParameterVector>(out fault, "a Vector " + wrong.TrimEnd('.'))
            : Succeed(new ParameterVector(coefficients), out fault);
    }

    private static ParameterTensorValue? ReadTensor(TensorKind kind, ParameterValue value, out string? fault)
    {
        string name = TypedForm.NameOf(kind);
        if (ItemsOf(value) is not [ParameterBytes bytes, ParameterText dtype, ParameterValue shape])
        {
            return Fail<ParameterTensorValue>(out fault, $"a {name}'s value must be [bytes, dtype, shape]", value);
        }

        if (TypedForm.ParseElementType(dtype.Value) is not { } elementType)
        {
            return Fail<ParameterTensorValue>(out fault, UnknownElementType(dtype));
        }

        if (ReadShape(shape) is not { } dimensions)
        {
            return Fail<ParameterTensorValue>(out fault, $"a {name}'s shape must be a list of at most 32 whole numbers of 64 bits", shape);
        }

        return TensorShape.DescribeFault(kind, elementType, dimensions, bytes.Length) is { } wrong
            ? Fail<ParameterTensorValue>(out fault, wrong)
            : Succeed(new ParameterTensorValue(new ParameterTensor(elementType, dimensions, bytes.Storage, kind)), out fault);
    }

    /// <summary>Reads a shape in the forms NumPy's reshape takes: a list, a tuple, or one number.</summary>
    private static long[]? ReadShape(ParameterValue shape)
    {
        if (shape is ParameterInteger single)
        {
            return [single.Value];
        }

        if (ItemsOf(shape) is not { Length: <= TypedForm.MaximumDimensions } items || !Array.TrueForAll(items, i => i is ParameterInteger))
        {
            return null;
        }

        return Array.ConvertAll(items, i => ((ParameterInteger)i).Value);
    }

    private static ParameterValue[]? ItemsOf(ParameterValue value) => value switch
    {
        ParameterList list => list.Array,
        ParameterTuple tuple => tuple.Array,
        _ => null,
    };

    private static string UnknownElementType(ParameterText dtype) =>
        $"the dtype '{MapPath.Printable(dtype.Value)}' is unknown; "
        + "expected float16/32/64, int8 to int64, uint8 to uint64, bool or complex64/128";

    private static T Succeed<T>(T value, out string? fault)
    {
        fault = null;
        return value;
    }

    private static ParameterValue? Fail(out string? fault, string expected, ParameterValue? got = null) =>
        Fail<ParameterValue>(out fault, expected, got);

    private static T? Fail<T>(out string? fault, string expected, ParameterValue? got = null)
        where T : ParameterValue
    {
        fault = got is null ? expected : $"{expected}, got {Describe(got)}";
        return null;
    }

    private static string Describe(ParameterValue value) => ItemsOf(value) is { Length: <= 6 } items
        ? "[" + string.Join(", ", items.Select(i => i.PythonType)) + "]"
        : "a " + value.PythonType;
}
