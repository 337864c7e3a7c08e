using System.Text.Unicode;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// The first pass over a parameter file: walks every header and allocates nothing, so that the second pass may believe all counts and
/// lengths.
/// </summary>
internal static class FramingCheck
{
    /// <summary>How deep lists and maps may stand in each other.</summary>
    public const int MaximumDepth = 100;

    /// <summary>The longest text, in bytes.</summary>
    public const int MaximumTextBytes = 1 << 28;

    /// <summary>Checks that the input is exactly one value, not too deep, with texts in UTF-8.</summary>
    /// <param name="cursor">A cursor at the start of the input.</param>
    /// <exception cref="ParameterFormatException">It is not.</exception>
    public static void Check(ByteCursor cursor)
    {
        if (cursor.Length == 0)
        {
            throw cursor.Error("the input is empty", 0);
        }

        Span<long> pending = stackalloc long[MaximumDepth];
        int depth = 0;
        do
        {
            Token token = cursor.Next();
            if (token.Kind == TokenKind.Text)
            {
                CheckText(cursor, token);
            }
            else if (token.Kind is TokenKind.Array or TokenKind.Map)
            {
                if (depth == MaximumDepth)
                {
                    throw cursor.Error($"lists and maps stand more than {MaximumDepth} deep in each other", token.Offset);
                }

                if (token.Number > 0)
                {
                    pending[depth++] = token.Kind == TokenKind.Map ? 2 * token.Number : token.Number;
                    continue;
                }
            }

            while (depth > 0 && --pending[depth - 1] == 0)
            {
                depth--;
            }
        }
        while (depth > 0);

        if (cursor.Position != cursor.Length)
        {
            throw cursor.Error(
                $"the value ends, but the input goes on to byte {cursor.Length}{DescribeForeignFormat(cursor)}", cursor.Position);
        }
    }

    private static void CheckText(ByteCursor cursor, Token token)
    {
        if (token.Number > MaximumTextBytes)
        {
            throw cursor.Error($"a text has {token.Number} bytes; at most {MaximumTextBytes} are accepted", token.Offset);
        }

        if (!Utf8.IsValid(cursor.Span(token.Payload, (int)token.Number)))
        {
            throw cursor.Error("a text is not UTF-8", token.Offset);
        }
    }

    /// <summary>Tells what the input may be instead, since the first byte of other formats is mostly a whole MessagePack value.</summary>
    private static string DescribeForeignFormat(ByteCursor cursor)
    {
        ReadOnlySpan<byte> start = cursor.Span(0, (int)Math.Min(8, cursor.Length));
        if (start.StartsWith("PK"u8))
        {
            return "; it begins like a zip archive (torch.save and numpy.savez write such)";
        }

        if (start is [0x80, >= 2 and <= 5, ..])
        {
            return "; it begins like a Python pickle, which is never read";
        }

        return start.TrimStart(" \r\n\t"u8) is [(byte)'<' or (byte)'{' or (byte)'[', ..]
            ? "; it begins like HTML or JSON text"
            : "";
    }
}
