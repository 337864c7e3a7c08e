using System.Diagnostics.CodeAnalysis;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Reads a tensor as the serializer writes it without making the values it consists of. Anything unusual is left to the general way, which
/// accepts more forms and tells faults.
/// </summary>
internal static class TensorReader
{
    /// <summary>Reads a tensor after the header of its map.</summary>
    /// <param name="cursor">After the header; moved behind the tensor only if there is one.</param>
    /// <param name="map">The header.</param>
    /// <param name="source">Where views of the bytes come from.</param>
    /// <param name="budget">What the tensor's memory is taken from.</param>
    /// <param name="tensor">The tensor, if there is one.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryRead(
        ref ByteCursor cursor,
        Token map,
        IStorageSource source,
        ref AllocationBudget budget,
        [NotNullWhen(true)] out ParameterTensorValue? tensor)
    {
        tensor = null;
        ByteCursor ahead = cursor;
        if (map.Number != 2 || !Follows(ref ahead, "__type__"u8) || ahead.Next() is not { Kind: TokenKind.Text } type)
        {
            return false;
        }

        TensorKind? kind = ParseKind(ahead, type);
        if (kind is null || !Follows(ref ahead, "value"u8)
            || ahead.Next() is not { Kind: TokenKind.Array, Number: 3 }
            || ahead.Next() is not { Kind: TokenKind.Bytes } bytes
            || ahead.Next() is not { Kind: TokenKind.Text, Number: <= 16 } dtype
            || ahead.Next() is not { Kind: TokenKind.Array, Number: <= TypedForm.MaximumDimensions } shape
            || SharedTexts.Find(ahead.Span(dtype.Payload, (int)dtype.Number)) is not { } name)
        {
            return false;
        }

        Span<long> dimensions = stackalloc long[(int)shape.Number];
        foreach (ref long dimension in dimensions)
        {
            if (ahead.Next() is not { Kind: TokenKind.Integer } number)
            {
                return false;
            }

            dimension = number.Number;
        }

        if (TypedForm.ParseElementType(name.Value) is not { } elementType
            || TensorShape.DescribeFault(kind.Value, elementType, dimensions, bytes.Number) is not null
            || !budget.TryTake(TensorShape.CostOf(dimensions.Length)))
        {
            return false;
        }

        tensor = new ParameterTensorValue(
            new ParameterTensor(elementType, dimensions.ToArray(), source.Slice(bytes.Payload, bytes.Number), kind.Value));
        cursor = ahead;
        return true;
    }

    private static bool Follows(ref ByteCursor cursor, ReadOnlySpan<byte> text) =>
        cursor.Next() is { Kind: TokenKind.Text } token && cursor.Span(token.Payload, (int)token.Number).SequenceEqual(text);

    private static TensorKind? ParseKind(ByteCursor cursor, Token type)
    {
        ReadOnlySpan<byte> name = cursor.Span(type.Payload, (int)type.Number);
        if (name.SequenceEqual("torch.Tensor"u8))
        {
            return TensorKind.TorchTensor;
        }

        return name.SequenceEqual("np.ndarray"u8) ? TensorKind.NumPyArray : null;
    }
}
