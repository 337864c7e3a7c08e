using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;

namespace FedJob.Testing.Scripting;

/// <summary>Writes values as Python does: <c>json.dumps</c> for messages, <c>repr</c> for the texts of errors.</summary>
internal static class PythonText
{
    /// <summary>As <c>json.dumps</c>: ASCII only, a blank after comma and colon, floats always with a point or an exponent.</summary>
    public static string Dumps(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => Quote(text),
        double number => Float(number, "NaN", "Infinity"),
        int or long or BigInteger => Invariant(value),
        JsonNode node => node.ToJsonString(),
        OrderedDictionary<string, object?> map => "{" + string.Join(", ", map.Select(p => $"{Quote(p.Key)}: {Dumps(p.Value)}")) + "}",
        IEnumerable items => "[" + string.Join(", ", items.Cast<object?>().Select(Dumps)) + "]",
        _ => throw new NotSupportedException($"No JSON form for {value.GetType()}."),
    };

    /// <summary>As <c>repr</c>.</summary>
    public static string Repr(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        string text => ReprText(text),
        double number => Float(number, "nan", "inf"),
        OrderedDictionary<string, object?> map => "{" + string.Join(", ", map.Select(p => $"{ReprText(p.Key)}: {Repr(p.Value)}")) + "}",
        List<object?> items => "[" + string.Join(", ", items.Select(Repr)) + "]",
        _ => Invariant(value),
    };

    /// <summary>As <c>str</c>: texts without quotation marks.</summary>
    public static string Str(object? value) => value as string ?? Repr(value);

    /// <summary>The <c>repr</c> of an exception with one text.</summary>
    public static string Raised(string type, string message) => $"{type}({ReprText(message)})";

    private static string Invariant(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private static string Float(double value, string notANumber, string infinity)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? notANumber : value > 0 ? infinity : "-" + infinity;
        }

        string text = value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        return text.AsSpan().ContainsAny('.', 'e') ? text : text + ".0";
    }

    private static string ReprText(string text)
    {
        char mark = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var result = new StringBuilder().Append(mark);
        foreach (char c in text)
        {
            result.Append(c switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\\' => "\\\\",
                _ => c == mark ? "\\" + c : c.ToString(),
            });
        }

        return result.Append(mark).ToString();
    }

    private static string Quote(string text)
    {
        var result = new StringBuilder("\"");
        foreach (char c in text)
        {
            result.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' or > '~' => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
                _ => c.ToString(),
            });
        }

        return result.Append('"').ToString();
    }
}
