using System.Globalization;

namespace FedJob.Protocol.Parameters;

/// <summary>How a place inside a tree of values is named in messages, e.g. <c>model_weights.fc1.bias</c>.</summary>
internal static class MapPath
{
    private const int LongestKey = 80;
    private const int MostKeys = 6;

    public static string Format(ParameterValue key) => key switch
    {
        ParameterText text => "'" + Printable(text.Value) + "'",
        ParameterInteger number => number.Value.ToString(CultureInfo.InvariantCulture),
        ParameterFloat number => number.Value.ToString(CultureInfo.InvariantCulture),
        ParameterBoolean flag => flag.Value ? "True" : "False",
        _ => "of type " + key.PythonType,
    };

    /// <summary>Joins the keys on the way from the root to a value; the root itself has none.</summary>
    public static string Join(IReadOnlyList<ParameterValue> keys)
    {
        if (keys.Count == 0)
        {
            return "the root value";
        }

        IEnumerable<string> shown = keys.TakeLast(MostKeys).Select(k => k is ParameterText text ? Printable(text.Value) : Format(k));
        return "'" + (keys.Count > MostKeys ? "..." : "") + string.Join('.', shown) + "'";
    }

    /// <summary>A peer's text as it may stand in a message: short, and without characters that could forge log lines.</summary>
    public static string Printable(string text)
    {
        string start = text.Length > LongestKey ? text[..LongestKey] + "..." : text;
        return string.Create(start.Length, start, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '?' : source[i];
            }
        });
    }
}
