using System.Diagnostics.CodeAnalysis;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// An ordered map; Python's <c>dict</c>. A key may be any value that Python can hash: no list, map, <c>np.ndarray</c> or <c>Vector</c>.
/// Keys are told apart as Python does it: <c>1</c>, <c>1.0</c> and <c>True</c> are the same key. Two maps are equal when their entries are,
/// in order.
/// </summary>
public sealed record ParameterMap : ParameterValue
{
    // Below this many entries looking at each is as fast as an index, and smaller.
    private const int IndexedFrom = 9;

    private readonly KeyValuePair<ParameterValue, ParameterValue>[] _entries;
    private readonly Dictionary<ParameterValue, int>? _index;
    private int _count;

    /// <summary>Makes a map with a copy of the entries.</summary>
    /// <param name="entries">Key and value of each entry in order.</param>
    /// <exception cref="ArgumentException">A key stands twice or cannot be one, or a key or value is <see langword="null"/>.</exception>
    public ParameterMap(IEnumerable<KeyValuePair<ParameterValue, ParameterValue>> entries)
        : this(entries is null ? throw new ArgumentNullException(nameof(entries)) : entries.ToArray())
    {
    }

    /// <summary>Makes room for a number of entries, which the reader then appends.</summary>
    internal ParameterMap(int capacity)
    {
        _entries = capacity == 0 ? [] : new KeyValuePair<ParameterValue, ParameterValue>[capacity];
        _index = capacity >= IndexedFrom ? new Dictionary<ParameterValue, int>(capacity, MapKeyComparer.Instance) : null;
    }

    private ParameterMap(KeyValuePair<ParameterValue, ParameterValue>[] entries)
        : this(entries.Length)
    {
        foreach ((ParameterValue key, ParameterValue value) in entries)
        {
            if (key is null || value is null)
            {
                throw new ArgumentException(
                    $"Entry {_count} has a null key or value; use ParameterNil.Instance for Python's None.", nameof(entries));
            }

            if (!MapKeyComparer.CanBeKey(key))
            {
                throw new ArgumentException($"A {key.PythonType} cannot be a map's key: Python cannot hash it.", nameof(entries));
            }

            if (!TryAppend(key, value))
            {
                throw new ArgumentException($"The key {MapPath.Format(key)} stands twice.", nameof(entries));
            }
        }
    }

    /// <summary>The map without entries.</summary>
    public static ParameterMap Empty { get; } = new(0);

    /// <summary>Key and value of each entry in order.</summary>
    public IReadOnlyList<KeyValuePair<ParameterValue, ParameterValue>> Entries => _entries;

    /// <summary>The number of entries.</summary>
    public int Count => _count;

    internal override string PythonType => "dict";

    /// <summary>The bytes such a map costs beside its keys and values.</summary>
    internal static long CostOf(long count) => 48 + (count == 0 ? 0 : 24 + (16 * count)) + (count >= IndexedFrom ? 128 + (30 * count) : 0);

    /// <summary>Makes a map with texts as keys.</summary>
    /// <param name="entries">Key and value of each entry in order.</param>
    /// <returns>The map.</returns>
    /// <exception cref="ArgumentException">A key stands twice, or a key or value is <see langword="null"/>.</exception>
    public static ParameterMap Create(IEnumerable<KeyValuePair<string, ParameterValue>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return new ParameterMap(
            entries.Select(e => KeyValuePair.Create<ParameterValue, ParameterValue>(new ParameterText(e.Key), e.Value)));
    }

    /// <summary>Looks a value up by a text.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, if there is one.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out ParameterValue value) => TryGetValue(new ParameterText(key), out value);

    /// <summary>Looks a value up.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, if there is one.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetValue(ParameterValue key, [MaybeNullWhen(false)] out ParameterValue value)
    {
        ArgumentNullException.ThrowIfNull(key);
        int found = IndexOf(key);
        value = found < 0 ? null : _entries[found].Value;
        return found >= 0;
    }

    /// <summary>Two maps are equal when they have the same entries in the same order.</summary>
    /// <param name="other">The other map.</param>
    /// <returns>Whether they are equal.</returns>
    public bool Equals(ParameterMap? other)
    {
        if (other is null || other._count != _count)
        {
            return false;
        }

        for (int i = 0; i < _count; i++)
        {
            if (!_entries[i].Key.Equals(other._entries[i].Key) || !_entries[i].Value.Equals(other._entries[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A hash of the entries.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach ((ParameterValue key, ParameterValue value) in _entries)
        {
            hash.Add(key);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    /// <summary>Appends an entry to the room made for it, unless its key is there already.</summary>
    internal bool TryAppend(ParameterValue key, ParameterValue value)
    {
        if (_index is null ? IndexOf(key) >= 0 : !_index.TryAdd(key, _count))
        {
            return false;
        }

        _entries[_count++] = KeyValuePair.Create(key, value);
        return true;
    }

    private int IndexOf(ParameterValue key)
    {
        if (_index is not null)
        {
            return _index.TryGetValue(key, out int place) ? place : -1;
        }

        for (int i = 0; i < _count; i++)
        {
            if (MapKeyComparer.Instance.Equals(_entries[i].Key, key))
            {
                return i;
            }
        }

        return -1;
    }
}
