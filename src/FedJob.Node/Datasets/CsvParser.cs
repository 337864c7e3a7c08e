using System.Text;

namespace FedJob.Node.Datasets;

/// <summary>
/// Splits CSV text (RFC 4180) into records: fields parted by commas, quoted where they hold a comma, a quote (doubled) or a line end. Lines
/// end with
/// LF or CRLF; an empty line is skipped. Text may arrive in pieces of any size.
/// </summary>
/// <param name="onRecord">Gets each record and the number of the line it begins on, counted from 1. The list is valid only during the
/// call.</param>
internal sealed class CsvParser(Action<IReadOnlyList<string>, long> onRecord)
{
    private readonly List<string> _fields = [];
    private readonly StringBuilder _field = new();
    private Position _position = Position.FieldStart;
    private long _line = 1;
    private long _recordLine = 1;
    private long _quoteLine;
    private bool _carriageReturn;

    private enum Position
    {
        FieldStart,
        Unquoted,
        Quoted,
        QuoteInQuoted,
    }

    /// <summary>Takes the next piece of text.</summary>
    /// <param name="text">The piece.</param>
    /// <exception cref="FormatException">The text is no CSV; the message names the line.</exception>
    public void Feed(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (_carriageReturn && c != '\n')
            {
                throw new FormatException($"line {_line} has a carriage return that no line feed follows");
            }

            _carriageReturn = false;
            Take(c);
        }
    }

    /// <summary>Ends the text; the last line needs no line end.</summary>
    /// <exception cref="FormatException">A quoted field does not end.</exception>
    public void End()
    {
        if (_position == Position.Quoted)
        {
            throw new FormatException($"the quoted field that begins on line {_quoteLine} does not end");
        }

        _carriageReturn = false;
        EndRecord();
    }

    private void Take(char c)
    {
        switch (_position)
        {
            case Position.Quoted when c == '"':
                _position = Position.QuoteInQuoted;
                break;
            case Position.Quoted:
                _line += c == '\n' ? 1 : 0;
                _field.Append(c);
                break;
            case Position.QuoteInQuoted when c == '"':
                _field.Append(c);
                _position = Position.Quoted;
                break;
            case Position.FieldStart when c == '"':
                _quoteLine = _line;
                _position = Position.Quoted;
                break;
            default:
                TakeOutsideQuotes(c);
                break;
        }
    }

    private void TakeOutsideQuotes(char c)
    {
        switch (c)
        {
            case ',':
                EndField();
                break;
            case '\r':
                _carriageReturn = true;
                break;
            case '\n':
                EndRecord();
                _line++;
                _recordLine = _line;
                break;
            case var _ when _position == Position.QuoteInQuoted:
                throw new FormatException($"line {_line} has '{c}' after a closing quote, where a comma or the line's end is expected");
            case '"':
                throw new FormatException(
                    $"line {_line} has a quote inside a field that does not begin with one; quote the field and double the quote");
            default:
                _field.Append(c);
                _position = Position.Unquoted;
                break;
        }
    }

    private void EndField()
    {
        _fields.Add(_field.ToString());
        _field.Clear();
        _position = Position.FieldStart;
    }

    private void EndRecord()
    {
        bool isEmptyLine = _fields.Count == 0 && _position == Position.FieldStart;
        if (!isEmptyLine)
        {
            EndField();
            onRecord(_fields, _recordLine);
        }

        _fields.Clear();
    }
}
