using System.Numerics;
using System.Numerics.Tensors;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Rounds;

/// <summary>Whether an update fits the model: names, element types, shapes, kinds, and no NaN or infinity.</summary>
internal static class UpdateCheck
{
    private const int BlockElements = 65_536;

    /// <summary>What is wrong with an update, naming tensor, expected and got; <see langword="null"/> when it is sound.</summary>
    public static string? Describe(ModelParameters update, ModelParameters global) => DescribeForm(update, global) ?? DescribeValues(update);

    /// <summary>The same, and measures in one pass how far the update is from the global parameters.</summary>
    public static string? Describe(ModelParameters update, ModelParameters global, out double distance)
    {
        distance = double.NaN;
        if (DescribeForm(update, global) is { } flaw)
        {
            return flaw;
        }

        // Where the distance is finite each element is; otherwise it may also be too large for a double.
        distance = UpdateDistance.ToGlobal(update, global, CancellationToken.None);
        return double.IsFinite(distance) ? null : DescribeValues(update);
    }

    private static string? DescribeForm(ModelParameters update, ModelParameters global)
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
        }

        return null;
    }

    private static string? DescribeValues(ModelParameters update)
    {
        foreach ((string name, ParameterTensor tensor) in update)
        {
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
