using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// Walks through JSON text once, before anything is built of it: well-formed UTF-8 and JSON, no deeper and larger than
/// <see cref="MessageLimits"/>, no name twice in an object, only finite numbers of sane length, only whole Unicode characters. Deep input
/// costs no stack and large input no memory. What passes can be parsed and looked into without an exception.
/// </summary>
internal ref struct JsonScan
{
    private const int UsualDepth = 4;
    private const int MaximumNumberLength = 1000; // Python refuses ints above 4,300 digits, and goes deaf

    private readonly Findings _findings;
    private readonly NamePool _names = new();
    private Frame[] _frames;
    private int _depth;
    private int _values;

    private JsonScan(Findings findings)
    {
        _findings = findings;
        _frames = new Frame[UsualDepth];
    }

    /// <summary>Scans a text.</summary>
    /// <param name="utf8">The text, without byte order mark.</param>
    /// <param name="findings">Where to note what is wrong.</param>
    public static void Check(ReadOnlySpan<byte> utf8, Findings findings)
    {
        if (!Utf8.IsValid(utf8))
        {
            findings.Refuse("UTF-8", "bytes that are not");
            return;
        }

        var scan = new JsonScan(findings);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MessageLimits.MaximumDepth + 1 });
        try
        {
            while (!findings.Any && reader.Read())
            {
                scan.Take(ref reader);
            }
        }
        catch (JsonException)
        {
            // the reader's only way to say that this is no JSON; which token was wrong is told better here
            scan.RefuseText(utf8, reader.BytesConsumed);
        }

        scan.NamePath();
    }

    private void Take(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                _depth--;
                return;
            case JsonTokenType.PropertyName:
                TakeName(ref reader);
                return;
        }

        if (_depth > 0)
        {
            _frames[_depth - 1].Index++;
        }

        if (++_values > MessageLimits.MaximumValues)
        {
            Refuse($"at most {MessageLimits.MaximumValues} values", "more");
        }
        else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            Open(reader.TokenType == JsonTokenType.StartArray);
        }
        else if (reader.TokenType == JsonTokenType.Number)
        {
            TakeNumber(ref reader);
        }
        else if (reader.TokenType == JsonTokenType.String && reader.ValueIsEscaped && !IsWellFormed(ref reader))
        {
            Refuse($"well-formed Unicode", "half of a surrogate pair");
        }
    }

    private void Open(bool array)
    {
        if (_depth == MessageLimits.MaximumDepth)
        {
            Refuse($"at most {MessageLimits.MaximumDepth} levels deep", "more");
            return;
        }

        if (_depth == _frames.Length)
        {
            Array.Resize(ref _frames, 2 * _frames.Length);
        }

        ref Frame frame = ref _frames[_depth++];
        (frame.IsArray, frame.Index, frame.Name) = (array, -1, null);
        frame.Names?.Clear();
    }

    private void TakeName(ref Utf8JsonReader reader)
    {
        ref Frame frame = ref _frames[_depth - 1];
        frame.Name = reader.ValueIsEscaped ? TryUnescape(ref reader) : _names.Get(ref reader);
        frame.Names ??= new HashSet<string>(StringComparer.Ordinal);
        if (frame.Name is null)
        {
            Refuse($"named in well-formed Unicode", "half of a surrogate pair");
        }
        else if (!frame.Names.Add(frame.Name))
        {
            Refuse($"there once", "it twice");
        }
        else if (frame.Names.Count > MessageLimits.MaximumProperties)
        {
            Refuse($"one of at most {MessageLimits.MaximumProperties} fields of an object", "more");
        }
    }

    private readonly void TakeNumber(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> literal = reader.ValueSpan;
        if (literal.Length > MaximumNumberLength)
        {
            Refuse($"a number of at most {MaximumNumberLength} characters", Shown.Of(literal));
        }
        else if (literal.IndexOfAny(".eE"u8) >= 0 && (!reader.TryGetDouble(out double value) || !double.IsFinite(value)))
        {
            Refuse($"a finite number", Shown.Of(literal));
        }
    }

    /// <summary>Whether a text with escapes is Unicode; a short one costs no memory.</summary>
    private static bool IsWellFormed(ref Utf8JsonReader reader)
    {
        const int ShortLength = 256;
        if (reader.ValueSpan.Length > ShortLength)
        {
            return TryUnescape(ref reader) is not null;
        }

        Span<char> buffer = stackalloc char[ShortLength];
        try
        {
            return reader.CopyString(buffer) >= 0;
        }
        catch (InvalidOperationException)
        {
            return false; // an escape like \ud800 alone, which is no character
        }
    }

    private static string? TryUnescape(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // an escape like \ud800 alone, which is no character
        }
    }

    private readonly void RefuseText(ReadOnlySpan<byte> utf8, long position)
    {
        ReadOnlySpan<byte> rest = utf8[(int)Math.Min(position, utf8.Length)..].TrimStart(" \t\r\n:,"u8);
        if (rest.StartsWith("NaN"u8) || rest.StartsWith("Infinity"u8) || rest.StartsWith("-Infinity"u8))
        {
            Refuse($"a finite number", rest[0] == (byte)'N' ? "NaN" : "Infinity");
        }
        else
        {
            Refuse($"JSON", rest.IsEmpty ? "its end too early" : $"'{Shown.Of(rest)}' at byte {utf8.Length - rest.Length}");
        }
    }

    private readonly void Refuse(FormattableString accepted, string got) =>
        _findings.Refuse(accepted.ToString(CultureInfo.InvariantCulture), got);

    private readonly void NamePath()
    {
        for (int i = _findings.Any ? _depth - 1 : -1; i >= 0; i--)
        {
            if (_frames[i].IsArray && _frames[i].Index >= 0)
            {
                _findings.Within(string.Create(CultureInfo.InvariantCulture, $"[{_frames[i].Index}]"));
            }
            else if (_frames[i].Name is { } name)
            {
                _findings.Within(Shown.Name(name));
            }
        }
    }

    private struct Frame
    {
        public bool IsArray;
        public int Index;
        public string? Name;
        public HashSet<string>? Names;
    }
}
