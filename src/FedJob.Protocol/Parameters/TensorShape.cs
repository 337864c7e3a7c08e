using System.Globalization;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>The rules between a tensor's kind, element type, shape and number of bytes.</summary>
internal static class TensorShape
{
    /// <summary>The most bytes of one tensor that a file can hold: the length field has 32 bits.</summary>
    public const long MaximumBytes = uint.MaxValue;

    /// <summary>What is wrong, or <see langword="null"/>.</summary>
    public static string? DescribeFault(TensorKind kind, TensorElementType elementType, ReadOnlySpan<long> shape, long byteCount)
    {
        if (kind == TensorKind.TorchTensor && !TypedForm.TorchHas(elementType))
        {
            return $"a torch.Tensor cannot be {TypedForm.NameOf(elementType)}: PyTorch has no such element type";
        }

        if (shape.Length > TypedForm.MaximumDimensions)
        {
            return $"a shape has {shape.Length} dimensions; at most {TypedForm.MaximumDimensions} are allowed";
        }

        long needed = elementType.GetSize();
        bool empty = false;
        foreach (long dimension in shape)
        {
            if (dimension < 0)
            {
                return $"shape {Format(shape)} has a negative dimension";
            }

            empty |= dimension == 0;
            if (dimension > 0 && needed > long.MaxValue / dimension)
            {
                return $"shape {Format(shape)} has more elements than 64 bits can count";
            }

            needed *= Math.Max(dimension, 1);
        }

        needed = empty ? 0 : needed;
        return needed == byteCount
            ? null
            : $"shape {Format(shape)} of {TypedForm.NameOf(elementType)} needs {needed} bytes, got {byteCount}";
    }

    /// <summary>The bytes a tensor over existing bytes costs.</summary>
    public static long CostOf(int dimensions) => 24 + 72 + 40 + 24 + (2 * (24 + (8 * dimensions)));

    private static string Format(ReadOnlySpan<long> shape)
    {
        var parts = new List<string>(shape.Length);
        foreach (long dimension in shape)
        {
            parts.Add(dimension.ToString(CultureInfo.InvariantCulture));
        }

        return "[" + string.Join(", ", parts) + "]";
    }
}
