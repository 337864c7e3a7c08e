using System.Text.Json;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// Compares JSON field by field: objects in any order, numbers by their characters (1 is not 1.0), everything else by value.
/// </summary>
internal static class JsonDifference
{
    public static string? Find(ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> actual)
    {
        using JsonDocument left = JsonDocument.Parse(expected);
        using JsonDocument right = JsonDocument.Parse(actual);
        return Find(left.RootElement, right.RootElement);
    }

    public static string? Find(JsonElement expected, JsonElement actual, string path = "$")
    {
        if (expected.ValueKind != actual.ValueKind)
        {
            return $"{path}: expected {expected.GetRawText()}, got {actual.GetRawText()}";
        }

        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                string[] names = [.. expected.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];
                string[] others = [.. actual.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];
                return names.SequenceEqual(others)
                    ? names.Select(n => Find(expected.GetProperty(n), actual.GetProperty(n), $"{path}.{n}"))
                        .FirstOrDefault(d => d is not null)
                    : $"{path}: expected fields {string.Join(",", names)}, got {string.Join(",", others)}";
            case JsonValueKind.Array:
                return expected.GetArrayLength() == actual.GetArrayLength()
                    ? Enumerable.Range(0, expected.GetArrayLength()).Select(i => Find(expected[i], actual[i], $"{path}[{i}]"))
                        .FirstOrDefault(d => d is not null)
                    : $"{path}: expected {expected.GetArrayLength()} entries, got {actual.GetArrayLength()}";
            case JsonValueKind.String:
                return expected.GetString() == actual.GetString() ? null
                    : $"{path}: expected {expected.GetRawText()}, got {actual.GetRawText()}";
            default:
                return expected.GetRawText() == actual.GetRawText() ? null
                    : $"{path}: expected {expected.GetRawText()}, got {actual.GetRawText()}";
        }
    }
}
