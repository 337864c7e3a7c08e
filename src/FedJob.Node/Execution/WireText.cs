using System.Text;

namespace FedJob.Node.Execution;

/// <summary>
/// Makes texts of plans and exceptions fit to leave the node: valid Unicode, of bounded length, without the node's own paths.
/// </summary>
internal static class WireText
{
    private const int MaximumLength = 2000;

    /// <summary>Cleans a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="paths">Paths that must not leave the node; those that are null or a single character are left alone.</param>
    /// <returns>The text, with half surrogates replaced, cut at 2,000 characters, with something else in place of the paths.</returns>
    public static string Clean(string text, params ReadOnlySpan<string?> paths)
    {
        foreach (string? path in paths)
        {
            if (path is { Length: > 1 })
            {
                text = text.Replace(path, "(path at the node)", StringComparison.Ordinal);
            }
        }

        var clean = new StringBuilder(Math.Min(text.Length, MaximumLength));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > MaximumLength)
            {
                break;
            }

            clean.Append(rune.ToString());
        }

        return clean.ToString();
    }
}
