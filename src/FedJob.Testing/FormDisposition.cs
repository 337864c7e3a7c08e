using System.Globalization;
using System.Text;

namespace FedJob.Testing;

/// <summary>
/// The name and file name in a part's <c>Content-Disposition</c>, read as leniently as the repository does: quoted or not, plain or with a
/// character set, the last one wins.
/// </summary>
/// <param name="Name">The field's name; <see langword="null"/> when there is none.</param>
/// <param name="FileName">The file's name as sent; <see langword="null"/> when there is none.</param>
internal sealed record FormDisposition(string? Name, string? FileName)
{
    public static FormDisposition Parse(string header)
    {
        string? name = null;
        string? fileName = null;
        foreach (string parameter in Parameters(header).Skip(1))
        {
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                continue;
            }

            string key = parameter[..equals].Trim().ToLowerInvariant();
            string value = parameter[(equals + 1)..].Trim();
            if (key.EndsWith('*'))
            {
                key = key[..^1];
                value = Decode(value);
            }
            else
            {
                value = Unquote(value);
            }

            switch (key)
            {
                case "name":
                    name = value.Trim();
                    break;
                case "filename":
                    fileName = value;
                    break;
                default:
                    break;
            }
        }

        return new FormDisposition(name, fileName);
    }

    private static IEnumerable<string> Parameters(string header)
    {
        int start = 0;
        bool quoted = false;
        for (int i = 0; i < header.Length; i++)
        {
            if (header[i] == '"' && (i == 0 || header[i - 1] != '\\'))
            {
                quoted = !quoted;
            }
            else if (header[i] == ';' && !quoted)
            {
                yield return header[start..i];
                start = i + 1;
            }
        }

        yield return header[start..];
    }

    private static string Unquote(string value) => value.Length >= 2 && value[0] == '"' && value[^1] == '"'
        ? value[1..^1].Replace("\\\\", "\\", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal)
        : value;

    // charset'language'percent-encoded; character sets other than UTF-8 and Latin 1 are read as UTF-8.
    private static string Decode(string value)
    {
        string[] parts = value.Split('\'');
        if (parts.Length != 3)
        {
            return Unquote(value);
        }

        Encoding encoding = parts[0].ToUpperInvariant() is "ISO-8859-1" or "LATIN-1" or "LATIN1" ? Encoding.Latin1 : Encoding.UTF8;
        string text = Unquote(parts[2]);
        var bytes = new List<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte code))
            {
                bytes.Add(code);
                i += 2;
            }
            else
            {
                bytes.AddRange(encoding.GetBytes(text, i, 1));
            }
        }

        return encoding.GetString([.. bytes]);
    }
}
