using System.Buffers;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// Python writes floats that are no number as <c>NaN</c> and <c>Infinity</c>, which is no JSON. Such a message is refused; but who sent it
/// must still be found, lest its round wait for the deadline.
/// </summary>
internal static class PythonNumbers
{
    private static readonly SearchValues<byte> Marks = SearchValues.Create("\"NI"u8);

    /// <summary>The same text with <c>0</c> and blanks for what is no number; the text itself where there is nothing of the kind.</summary>
    public static ReadOnlyMemory<byte> Blank(ReadOnlyMemory<byte> json)
    {
        byte[]? copy = null;
        ReadOnlySpan<byte> text = json.Span;
        for (int at = 0, found; (found = text[at..].IndexOfAny(Marks)) >= 0;)
        {
            at += found;
            int length = text[at..].StartsWith("NaN"u8) ? 3 : text[at..].StartsWith("Infinity"u8) ? 8 : 0;
            if (length > 0)
            {
                copy ??= json.ToArray();
                copy.AsSpan(at, length).Fill((byte)' ');
                copy[at] = (byte)'0';
            }

            at = text[at] == '"' ? EndOfText(text, at + 1) : at + Math.Max(1, length);
        }

        return copy ?? json;
    }

    /// <summary>What follows the closing quote; the end where there is none.</summary>
    private static int EndOfText(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] != '"')
        {
            at += text[at] == '\\' ? 2 : 1;
        }

        return Math.Min(at + 1, text.Length);
    }
}
