namespace FedJob.Protocol.Parameters;

/// <summary>A list of values; Python's <c>list</c>.</summary>
public sealed record ParameterList : ParameterValue
{
    private readonly ParameterValue[] _items;

    /// <summary>Makes a list with a copy of the items.</summary>
    /// <param name="items">The items in order.</param>
    /// <exception cref="ArgumentException">An item is <see langword="null"/>; use <see cref="ParameterNil"/>.</exception>
    public ParameterList(IEnumerable<ParameterValue> items) => _items = ItemSequence.Copy(items);

    private ParameterList(ParameterValue[] items) => _items = items;

    /// <summary>The items in order.</summary>
    public IReadOnlyList<ParameterValue> Items => _items;

    internal static ParameterList Empty { get; } = new([]);

    internal ParameterValue[] Array => _items;

    internal override string PythonType => "list";

    /// <summary>Two lists are equal when their items are.</summary>
    /// <param name="other">The other list.</param>
    /// <returns>Whether they are equal.</returns>
    public bool Equals(ParameterList? other) => other is not null && _items.AsSpan().SequenceEqual(other._items);

    /// <summary>A hash of the items.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode() => ItemSequence.Hash(_items);

    internal static ParameterList Over(ParameterValue[] items) => items.Length == 0 ? Empty : new ParameterList(items);
}
