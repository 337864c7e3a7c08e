using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// JSON whose content the protocol leaves open (model arguments, loader arguments...). What was parsed from text is written again with the
/// same characters; a number made of a .NET floating-point value gets its point, a whole number none.
/// </summary>
internal static class FreeJson
{
    private const string AcceptedValues =
        "null, an object, an array, or a value parsed from JSON text or made of a .NET bool, finite number or well-formed string";

    /// <summary>
    /// Checks JSON that is about to go out. Deeper than messages may be is refused here, before recursion can exhaust the stack.
    /// </summary>
    public static void Check(JsonNode? node, Findings findings, int depth = 1)
    {
        if (depth > MessageLimits.MaximumDepth)
        {
            findings.Refuse(string.Create(CultureInfo.InvariantCulture, $"at most {MessageLimits.MaximumDepth} levels deep"), "more");
            return;
        }

        switch (node)
        {
            case JsonObject values: CheckObject(values, findings, depth); break;
            case JsonArray values: CheckArray(values, findings, depth); break;
            case JsonValue value: CheckValue(value, findings); break;
        }
    }

    public static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case null:
                writer.WriteNullValue();
                break;
            case JsonObject values:
                writer.WriteStartObject();
                foreach ((string name, JsonNode? value) in values)
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray values:
                writer.WriteStartArray();
                foreach (JsonNode? value in values)
                {
                    Write(writer, value);
                }

                writer.WriteEndArray();
                break;
            case JsonValue value:
                WriteValue(writer, value);
                break;
        }
    }

    /// <summary>The characters of a number as it is written; null for what is no finite number.</summary>
    public static string? NumberLiteral(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue(out JsonElement parsed) =>
            parsed.ValueKind == JsonValueKind.Number ? parsed.GetRawText() : null,
        JsonValue value when value.TryGetValue(out object? made) => made switch
        {
            double number when double.IsFinite(number) => PythonFloat.Format(number),
            float number when float.IsFinite(number) => PythonFloat.Format(number),
            Half number when Half.IsFinite(number) => PythonFloat.Format(number),
            decimal number => PythonFloat.Format(number),
            sbyte or byte or short or ushort or int or uint or long or ulong or Int128 or UInt128 =>
                Convert.ToString(made, CultureInfo.InvariantCulture),
            _ => null,
        },
        _ => null,
    };

    /// <summary>What a value is made of, for a sentence.</summary>
    public static string Show(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "an object",
        JsonArray => "an array",
        JsonValue value when value.TryGetValue(out JsonElement parsed) => Shown.Of(parsed),
        JsonValue value when NumberLiteral(value) is { } literal => literal,
        JsonValue value when value.TryGetValue(out object? made) => Shown.Name(Convert.ToString(made, CultureInfo.InvariantCulture) ?? "")
            + " of type " + made!.GetType().Name,
        _ => node.GetType().Name,
    };

    private static void CheckObject(JsonObject values, Findings findings, int depth)
    {
        try
        {
            foreach ((string name, JsonNode? value) in values)
            {
                Check(value, findings, depth + 1);
                if (TextType.HasLoneSurrogate(name))
                {
                    findings.Refuse("well-formed Unicode", "a name with half of a surrogate pair");
                }

                if (findings.Any)
                {
                    findings.Within(Shown.Name(name));
                    return;
                }
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // an object parsed from text finds a name that stands twice, or is no Unicode, only when it is first looked into
            findings.Refuse("an object whose names are well-formed and stand once", Shown.Name(e.Message));
        }
    }

    private static void CheckArray(JsonArray values, Findings findings, int depth)
    {
        for (int i = 0; i < values.Count && !findings.Any; i++)
        {
            Check(values[i], findings, depth + 1);
            if (findings.Any)
            {
                findings.Within(string.Create(CultureInfo.InvariantCulture, $"[{i}]"));
            }
        }
    }

    private static void CheckValue(JsonValue value, Findings findings)
    {
        bool accepted = value.TryGetValue(out JsonElement parsed)
            ? parsed.ValueKind != JsonValueKind.String || IsWellFormed(parsed)
            : value.TryGetValue(out string? text) ? !TextType.HasLoneSurrogate(text)
            : value.TryGetValue(out bool _) || NumberLiteral(value) is not null;
        if (!accepted)
        {
            findings.Refuse(AcceptedValues, Show(value));
        }
    }

    private static bool IsWellFormed(JsonElement text)
    {
        try
        {
            return text.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false; // an escape like \ud800 alone, which is no character
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, JsonValue value)
    {
        if (value.TryGetValue(out JsonElement parsed))
        {
            parsed.WriteTo(writer);
        }
        else if (NumberLiteral(value) is { } literal)
        {
            writer.WriteRawValue(literal);
        }
        else if (value.TryGetValue(out bool truth))
        {
            writer.WriteBooleanValue(truth);
        }
        else
        {
            writer.WriteStringValue(value.GetValue<string>());
        }
    }
}
