using System.Collections;
using MessagePack;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>
/// Tells from the bytes of a file that Python reads, without FedJob's reader, whether FedJob must refuse it on purpose: extension types, an
/// unknown or non-string <c>__type__</c> beside <c>value</c>, missing or extra keys beside them, a tuple whose value is no array, an empty
/// int, keys that stand twice, and element types other than the known ones.
/// </summary>
internal static class RefusedFiles
{
    private static readonly string[] Types = ["tuple", "int", "np.ndarray", "torch.Tensor", "np.generic", "Vector"];

    private static readonly string[] ElementTypes =
    [
        "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "complex64",
        "complex128",
    ];

    public static bool MustRefuse(byte[] file)
    {
        var reader = new MessagePackReader(file);
        return Scan(ref reader).Refused;
    }

    private static (bool Refused, object? Value) Scan(ref MessagePackReader reader)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Extension:
                reader.Skip();
                return (true, null);
            case MessagePackType.Array:
                return ScanArray(ref reader);
            case MessagePackType.Map:
                return ScanMap(ref reader);
            case MessagePackType.String:
                return (false, reader.ReadString());
            case MessagePackType.Binary:
                return (false, reader.ReadBytes() is { } bytes ? bytes.Length : null);
            default:
                reader.Skip();
                return (false, null);
        }
    }

    private static (bool Refused, object? Value) ScanArray(ref MessagePackReader reader)
    {
        var items = new ArrayList();
        bool refused = false;
        for (int left = reader.ReadArrayHeader(); left > 0; left--)
        {
            (bool bad, object? value) = Scan(ref reader);
            refused |= bad;
            items.Add(value);
        }

        return (refused, items);
    }

    private static (bool Refused, object? Value) ScanMap(ref MessagePackReader reader)
    {
        var entries = new Dictionary<string, object?>(StringComparer.Ordinal);
        bool refused = false;
        int count = reader.ReadMapHeader();
        for (int left = count; left > 0; left--)
        {
            (bool badKey, object? key) = Scan(ref reader);
            (bool badValue, object? value) = Scan(ref reader);
            refused |= badKey || badValue || (key is string name && !entries.TryAdd(name, value));
        }

        return (refused || IsBadType(entries, count), entries);
    }

    private static bool IsBadType(Dictionary<string, object?> entries, int count)
    {
        if (!entries.TryGetValue("__type__", out object? type))
        {
            return false;
        }

        if (!entries.TryGetValue("value", out object? value))
        {
            return type is string; // without a value another type than text is a plain map
        }

        return count != 2 || type switch
        {
            "tuple" => value is not ArrayList,
            "int" => value is not (> 0L),
            "np.ndarray" or "torch.Tensor" or "np.generic" =>
                value is not ArrayList { Count: >= 2 } parts || !ElementTypes.Contains(parts[1] as string),
            string known => !Types.Contains(known),
            _ => true,
        };
    }
}
