using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Between JSON and values. A float stays one, also when it is whole: it becomes a <see cref="JsonValue"/> over <see cref="double"/>, and a
/// JSON number written with a point or exponent becomes a float.
/// </summary>
internal static class JsonConversion
{
    private const int MaximumDepth = 32;

    /// <summary>Turns a map into JSON; a tuple becomes an array and a NumPy scalar a plain number.</summary>
    /// <param name="map">The map.</param>
    /// <param name="wrong">Makes the exception for what JSON cannot hold, from its place, what was expected and what is there.</param>
    /// <param name="field">What the map is called in messages.</param>
    /// <returns>The JSON.</returns>
    public static JsonObject ToJson(ParameterMap map, string field, Func<string, string, string, Exception> wrong) =>
        ToObject(map, field, wrong, 1);

    /// <summary>Turns JSON into values.</summary>
    /// <exception cref="ArgumentException">A number has more than 64 bits, or a value is no JSON.</exception>
    public static ParameterValue FromJson(JsonNode? node) => node switch
    {
        null => ParameterNil.Instance,
        JsonObject properties => ParameterMap.Create(properties.Select(p => KeyValuePair.Create(p.Key, FromJson(p.Value)))),
        JsonArray items => new ParameterList(items.Select(FromJson)),
        _ => FromScalar(node.AsValue()),
    };

    private static JsonObject ToObject(ParameterMap map, string place, Func<string, string, string, Exception> wrong, int depth)
    {
        var json = new JsonObject();
        foreach ((ParameterValue key, ParameterValue value) in map.Entries)
        {
            if (key is not ParameterText name)
            {
                throw wrong(place, "a map with texts as keys", $"the key {MapPath.Format(key)}");
            }

            json.Add(name.Value, ToNode(value, $"{place}.{MapPath.Printable(name.Value)}", wrong, depth + 1));
        }

        return json;
    }

    private static JsonNode? ToNode(ParameterValue value, string place, Func<string, string, string, Exception> wrong, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw wrong(place, $"at most {MaximumDepth} deep", "a deeper value");
        }

        return value switch
        {
            ParameterNil => null,
            ParameterBoolean boolean => JsonValue.Create(boolean.Value),
            ParameterInteger number => JsonValue.Create(number.Value),
            ParameterBigInteger number when number.Value <= ulong.MaxValue => JsonValue.Create((ulong)number.Value),
            ParameterFloat number when double.IsFinite(number.Value) => JsonValue.Create(number.Value),
            ParameterText text => JsonValue.Create(text.Value),
            ParameterList list => ToArray(list.Array, place, wrong, depth),
            ParameterTuple tuple => ToArray(tuple.Array, place, wrong, depth),
            ParameterMap map => ToObject(map, place, wrong, depth),
            ParameterScalar scalar when scalar.ToPlainNumber() is { } plain => ToNode(plain, place, wrong, depth),
            ParameterFloat number => throw wrong(place, "a finite number", number.Value.ToString(CultureInfo.InvariantCulture)),
            ParameterBigInteger => throw wrong(place, "a number of at most 64 bits", "a longer one"),
            _ => throw wrong(place, "None, a bool, number, text, list or map", $"a value of type {value.PythonType}"),
        };
    }

    private static JsonArray ToArray(ParameterValue[] items, string place, Func<string, string, string, Exception> wrong, int depth)
    {
        var array = new JsonArray();
        for (int i = 0; i < items.Length; i++)
        {
            array.Add(ToNode(items[i], $"{place}[{i}]", wrong, depth + 1));
        }

        return array;
    }

    private static ParameterValue FromScalar(JsonValue value) => value.GetValue<object>() switch
    {
        bool boolean => new ParameterBoolean(boolean),
        string text => new ParameterText(text),
        double or float or decimal or Half => new ParameterFloat(Convert.ToDouble(value.GetValue<object>(), CultureInfo.InvariantCulture)),
        ulong number => ParameterInteger.From(new BigInteger(number)),
        long or int or short or sbyte or uint or ushort or byte =>
            ParameterInteger.From(Convert.ToInt64(value.GetValue<object>(), CultureInfo.InvariantCulture)),
        JsonElement element => FromElement(element),
        object other => throw new ArgumentException($"A JSON value over {other.GetType()} cannot be written; use a bool, number or text."),
    };

    private static ParameterValue FromElement(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => ParameterBoolean.True,
        JsonValueKind.False => ParameterBoolean.False,
        JsonValueKind.String => new ParameterText(element.GetString()!),
        JsonValueKind.Number when element.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') => new ParameterFloat(element.GetDouble()),
        JsonValueKind.Number when element.TryGetInt64(out long number) => ParameterInteger.From(number),
        JsonValueKind.Number when element.TryGetUInt64(out ulong number) => ParameterInteger.From(new BigInteger(number)),
        _ => throw new ArgumentException($"The JSON value {element.GetRawText()} cannot be written; whole numbers may have 64 bits."),
    };
}
