namespace FedJob.Protocol.Messages;

/// <summary>
/// What ids of nodes, jobs, researchers, datasets and requests may look like: 1 to 128 of <c>A-Z a-z 0-9 _ . -</c>, and not only dots.
/// </summary>
public static class Identifier
{
    /// <summary>The most characters of an id.</summary>
    public const int MaximumLength = 128;

    /// <summary>Whether a text is an id.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsValid(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > MaximumLength || text.AsSpan().TrimStart('.').IsEmpty)
        {
            return false;
        }

        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Throws unless a text is an id.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The same text.</returns>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static string Check(string? text) => IsValid(text)
        ? text!
        : throw new ArgumentException($"'{Shorten(text)}' is no id: 1 to {MaximumLength} of A-Z a-z 0-9 _ . - are allowed.", nameof(text));

    private static string? Shorten(string? text) => text?.Length > 60 ? text[..60] + "..." : text;
}
