using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// The names in <c>{"__type__": name, "value": ...}</c> and the names of element types, as Fed-BioMed and NumPy spell them.
/// </summary>
internal static class TypedForm
{
    public const string TypeKey = "__type__";
    public const string ValueKey = "value";
    public const string Tuple = "tuple";
    public const string Integer = "int";
    public const string NumPyArray = "np.ndarray";
    public const string NumPyScalar = "np.generic";
    public const string TorchTensor = "torch.Tensor";
    public const string Vector = "Vector";

    /// <summary>The most dimensions NumPy gives an array.</summary>
    public const int MaximumDimensions = 32;

    public static string NameOf(TensorKind kind) => kind == TensorKind.TorchTensor ? TorchTensor : NumPyArray;

    public static string NameOf(TensorElementType elementType) => elementType switch
    {
        TensorElementType.Float16 => "float16",
        TensorElementType.Float32 => "float32",
        TensorElementType.Float64 => "float64",
        TensorElementType.Int8 => "int8",
        TensorElementType.Int16 => "int16",
        TensorElementType.Int32 => "int32",
        TensorElementType.Int64 => "int64",
        TensorElementType.UInt8 => "uint8",
        TensorElementType.UInt16 => "uint16",
        TensorElementType.UInt32 => "uint32",
        TensorElementType.UInt64 => "uint64",
        TensorElementType.Bool => "bool",
        TensorElementType.Complex64 => "complex64",
        TensorElementType.Complex128 => "complex128",
        _ => throw new ArgumentOutOfRangeException(nameof(elementType), elementType, "Not a tensor element type."),
    };

    public static TensorElementType? ParseElementType(string name) => name switch
    {
        "float16" => TensorElementType.Float16,
        "float32" => TensorElementType.Float32,
        "float64" => TensorElementType.Float64,
        "int8" => TensorElementType.Int8,
        "int16" => TensorElementType.Int16,
        "int32" => TensorElementType.Int32,
        "int64" => TensorElementType.Int64,
        "uint8" => TensorElementType.UInt8,
        "uint16" => TensorElementType.UInt16,
        "uint32" => TensorElementType.UInt32,
        "uint64" => TensorElementType.UInt64,
        "bool" => TensorElementType.Bool,
        "complex64" => TensorElementType.Complex64,
        "complex128" => TensorElementType.Complex128,
        _ => null,
    };

    /// <summary>Whether PyTorch has the element type; 1.13 has no unsigned ones beyond 8 bits.</summary>
    public static bool TorchHas(TensorElementType elementType) =>
        elementType is not (TensorElementType.UInt16 or TensorElementType.UInt32 or TensorElementType.UInt64);
}
