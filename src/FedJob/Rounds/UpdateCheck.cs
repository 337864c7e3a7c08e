using System.Numerics;
using System.Numerics.Tensors;
using FedJob.Abstractions;

namespace FedJob.Rounds;

/// <summary>Whether an update fits the model: names, element types, shapes, kinds, and no NaN or infinity.</summary>
internal static class UpdateCheck
{
    private const int BlockElements = 65_536;

    /// <summary>What is wrong with an update, naming tensor, expected and got; <see langword="null"/> when it is sound.</summary>
    public static string? Describe(ModelParameters update, ModelParameters global)
    {
        if (update.DescribeDifference(global) is { } difference)
        {
            return difference;
        }

        foreach ((string name, ParameterTensor tensor) in update)
        {
            if (tensor.Kind != global[name].Kind)
            {
                return $"tensor '{name}': expected a {global[name].Kind}, got a {tensor.Kind}";
            }

            long? index = tensor.ElementType switch
            {
                TensorElementType.Float32 => FirstNonFinite<float>(tensor),
                TensorElementType.Float64 => FirstNonFinite<double>(tensor),
                TensorElementType.Float16 => FirstNonFinite<Half>(tensor),
                _ => null,
            };
            if (index is not null)
            {
                return $"tensor '{name}' holds NaN or infinity at element {index} of {tensor.ElementCount}";
            }
        }

        return null;
    }

    private static long? FirstNonFinite<T>(ParameterTensor tensor)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (long start = 0; start < tensor.ElementCount; start += BlockElements)
        {
            ReadOnlySpan<T> block = tensor.AsSpan<T>(start, (int)Math.Min(BlockElements, tensor.ElementCount - start));

            // The largest magnitude is infinite or NaN exactly when some element is.
            if (T.IsFinite(TensorPrimitives.MaxMagnitude(block)))
            {
                continue;
            }

            for (int i = 0; i < block.Length; i++)
            {
                if (!T.IsFinite(block[i]))
                {
                    return start + i;
                }
            }
        }

        return null;
    }
}
