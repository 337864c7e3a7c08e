using System.Globalization;
using System.Numerics;
using System.Text;

namespace FedJob.Testing.Scripting;

/// <summary>
/// Reads JSON as Python's <c>json.loads</c> does: NaN and infinities are numbers, a byte order mark is skipped, of duplicate keys the last wins, and
/// an integer is told from a float by its form. On purpose not the reader of the product, which it is to judge.
/// </summary>
internal sealed class PythonJson
{
    private const int MaximumDepth = 200;

    private readonly string _text;
    private int _at;
    private int _depth;

    private PythonJson(string text) => _text = text;

    /// <summary>Reads a document.</summary>
    /// <returns>null, bool, long, BigInteger, double, string, List or OrderedDictionary.</returns>
    /// <exception cref="FormatException">It is no JSON.</exception>
    public static object? Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            utf8 = utf8[3..];
        }

        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException exception)
        {
            throw new FormatException("'utf-8' codec can't decode the message", exception);
        }

        var reader = new PythonJson(text);
        object? value = reader.Value();
        reader.Space();
        return reader._at == text.Length ? value : throw reader.Bad("extra data");
    }

    private object? Value()
    {
        Space();
        if (_at == _text.Length)
        {
            throw Bad("nothing");
        }

        switch (_text[_at])
        {
            case '{': return Nested(Object);
            case '[': return Nested(Array);
            case '"': return Text();
            default: return Word("null") ? null : Word("true") ? true : Word("false") ? false : Number();
        }
    }

    private object Nested(Func<object> read)
    {
        if (++_depth > MaximumDepth)
        {
            throw Bad("too deep nesting");
        }

        _at++;
        object value = read();
        _depth--;
        return value;
    }

    private OrderedDictionary<string, object?> Object()
    {
        var map = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        Space();
        if (Take('}'))
        {
            return map;
        }

        while (true)
        {
            Space();
            string key = Text();
            Space();
            Expect(':');
            map[key] = Value();
            Space();
            if (Take('}'))
            {
                return map;
            }

            Expect(',');
        }
    }

    private List<object?> Array()
    {
        var items = new List<object?>();
        Space();
        if (Take(']'))
        {
            return items;
        }

        while (true)
        {
            items.Add(Value());
            Space();
            if (Take(']'))
            {
                return items;
            }

            Expect(',');
        }
    }

    private string Text()
    {
        Expect('"');
        var text = new StringBuilder();
        while (_at < _text.Length && _text[_at] != '"')
        {
            char c = _text[_at++];
            if (c < ' ')
            {
                throw Bad("a control character");
            }

            text.Append(c == '\\' ? Escape() : c);
        }

        Expect('"');
        return text.ToString();
    }

    private char Escape()
    {
        char c = _at < _text.Length ? _text[_at++] : throw Bad("an unfinished escape");
        int simple = "\"\\/bfnrt".IndexOf(c, StringComparison.Ordinal);
        if (simple >= 0)
        {
            return "\"\\/\b\f\n\r\t"[simple];
        }

        if (c != 'u' || _at + 4 > _text.Length
            || !ushort.TryParse(_text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
        {
            throw Bad("an unknown escape");
        }

        _at += 4;
        return (char)code;
    }

    private object Number()
    {
        if (Word("NaN"))
        {
            return double.NaN;
        }

        if (Word("Infinity"))
        {
            return double.PositiveInfinity;
        }

        if (Word("-Infinity"))
        {
            return double.NegativeInfinity;
        }

        int start = _at;
        Take('-');
        int digits = Digits();
        if (digits == 0 || (digits > 1 && _text[_at - digits] == '0'))
        {
            throw Bad("no value");
        }

        bool isFloat = false;
        if (Take('.'))
        {
            isFloat = Digits() > 0 ? true : throw Bad("no digit after the point");
        }

        if (Take('e') || Take('E'))
        {
            _ = Take('+') || Take('-');
            isFloat = Digits() > 0 ? true : throw Bad("no exponent");
        }

        ReadOnlySpan<char> form = _text.AsSpan(start, _at - start);
        if (isFloat)
        {
            return double.Parse(form, NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        return long.TryParse(form, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? (object)value
            : BigInteger.Parse(form, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    private int Digits()
    {
        int start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        return _at - start;
    }

    private bool Word(string word)
    {
        bool there = _text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal);
        _at += there ? word.Length : 0;
        return there;
    }

    private bool Take(char c)
    {
        bool there = _at < _text.Length && _text[_at] == c;
        _at += there ? 1 : 0;
        return there;
    }

    private void Expect(char c)
    {
        if (!Take(c))
        {
            throw Bad($"no '{c}'");
        }
    }

    private void Space()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n')
        {
            _at++;
        }
    }

    private FormatException Bad(string what) => new($"{what} at character {_at}");
}
