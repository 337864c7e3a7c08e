using System.Globalization;
using System.Text;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>The bytes behind Python's own form of a text ('...') or of bytes (b'...'), in which captures tell what is no JSON.</summary>
internal static class PythonLiteral
{
    public static byte[] Bytes(string literal)
    {
        bool bytes = literal.StartsWith('b') && literal.Length > 1 && literal[1] is '\'' or '"';
        string inner = bytes ? literal[1..] : literal;
        if (inner.Length < 2 || inner[0] != inner[^1] || inner[0] is not ('\'' or '"'))
        {
            return Encoding.UTF8.GetBytes(literal);
        }

        var text = new StringBuilder();
        for (int i = 1; i < inner.Length - 1; i++)
        {
            text.Append(inner[i] == '\\' ? Escape(inner, ref i) : inner[i].ToString());
        }

        return (bytes ? Encoding.Latin1 : Encoding.UTF8).GetBytes(text.ToString());
    }

    private static string Escape(string text, ref int at)
    {
        char kind = text[++at];
        int digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits == 0)
        {
            return kind switch { 'n' => "\n", 'r' => "\r", 't' => "\t", _ => kind.ToString() };
        }

        int code = int.Parse(text.AsSpan(at + 1, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        at += digits;
        return char.IsSurrogate((char)code) && code < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32(code);
    }
}
