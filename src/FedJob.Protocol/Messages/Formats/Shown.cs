using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>How a value that may come from anyone is shown in a sentence: short, on one line, without control characters.</summary>
internal static class Shown
{
    private const int Length = 60;

    public static string Of(string? text) => text is null ? "null" : $"'{Name(text)}'";

    public static string Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Undefined => "nothing",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => Of(JsonMarshal.GetRawUtf8Value(json)),
    };

    public static string Of(ReadOnlySpan<byte> utf8) => Name(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 4 * Length)]));

    public static string Name(string text)
    {
        string shortened = text.Length <= Length ? text : text[..Length] + "...";
        return string.Create(shortened.Length, shortened, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '?' : source[i];
            }
        });
    }
}
