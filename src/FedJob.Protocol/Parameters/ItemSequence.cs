namespace FedJob.Protocol.Parameters;

/// <summary>What lists and tuples do with their items.</summary>
internal static class ItemSequence
{
    public static ParameterValue[] Copy(IEnumerable<ParameterValue> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        ParameterValue[] copy = [.. items];
        int missing = copy.AsSpan().IndexOf((ParameterValue)null!);
        return missing < 0
            ? copy
            : throw new ArgumentException($"Item {missing} is null; use ParameterNil.Instance for Python's None.", nameof(items));
    }

    public static int Hash(ReadOnlySpan<ParameterValue> items)
    {
        HashCode hash = default;
        foreach (ParameterValue item in items)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }
}
