using System.Text;

namespace FedJob.Testing;

/// <summary>What the repository says of a file it sends.</summary>
internal static class StoredFileHeaders
{
    /// <summary>The content type it guesses from the name.</summary>
    public static string ContentType(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".PY" => "text/x-python",
        ".JSON" => "application/json",
        ".TXT" => "text/plain",
        ".CSV" => "text/csv",
        ".HTML" => "text/html",
        ".ZIP" => "application/zip",
        _ => "application/octet-stream",
    };

    /// <summary>The <c>Content-Disposition</c> with its name.</summary>
    public static string Disposition(string path)
    {
        string name = Path.GetFileName(path);
        return Ascii.IsValid(name) ? $"inline; filename=\"{name}\"" : $"inline; filename*=utf-8''{Uri.EscapeDataString(name)}";
    }
}
