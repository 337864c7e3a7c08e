using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// Gives each name of a field once, however often it comes: a message with thousands of datasets would otherwise cost a text for every
/// field of every one. It remembers no more than a few names, so that a message of nothing but names costs nothing more.
/// </summary>
internal sealed class NamePool
{
    private const int MaximumNames = 64;
    private const int MaximumLength = 64;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>The name the reader stands at; it must have no escapes.</summary>
    public string Get(ref Utf8JsonReader reader)
    {
        if (reader.ValueSpan.Length > MaximumLength)
        {
            return reader.GetString()!;
        }

        Span<char> buffer = stackalloc char[MaximumLength];
        ReadOnlySpan<char> name = buffer[..reader.CopyString(buffer)];
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup = _names.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(name, out string? known))
        {
            known = name.ToString();
            if (_names.Count < MaximumNames)
            {
                _names.Add(known);
            }
        }

        return known;
    }
}
