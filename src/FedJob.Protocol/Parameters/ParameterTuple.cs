namespace FedJob.Protocol.Parameters;

/// <summary>A tuple of values; Python's <c>tuple</c>, <c>{"__type__": "tuple", "value": [...]}</c> in the file.</summary>
public sealed record ParameterTuple : ParameterValue
{
    private readonly ParameterValue[] _items;

    /// <summary>Makes a tuple with a copy of the items.</summary>
    /// <param name="items">The items in order.</param>
    /// <exception cref="ArgumentException">An item is <see langword="null"/>; use <see cref="ParameterNil"/>.</exception>
    public ParameterTuple(IEnumerable<ParameterValue> items) => _items = ItemSequence.Copy(items);

    private ParameterTuple(ParameterValue[] items) => _items = items;

    /// <summary>The items in order.</summary>
    public IReadOnlyList<ParameterValue> Items => _items;

    internal ParameterValue[] Array => _items;

    internal override string PythonType => "tuple";

    /// <summary>Two tuples are equal when their items are.</summary>
    /// <param name="other">The other tuple.</param>
    /// <returns>Whether they are equal.</returns>
    public bool Equals(ParameterTuple? other) => other is not null && _items.AsSpan().SequenceEqual(other._items);

    /// <summary>A hash of the items.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode() => ItemSequence.Hash(_items);

    internal static ParameterTuple Over(ParameterValue[] items) => new(items);
}
