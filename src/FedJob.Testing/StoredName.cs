using System.Globalization;
using System.Net;
using System.Text;

namespace FedJob.Testing;

/// <summary>
/// How the repository makes a file's name: what it takes from the client's, and what it adds when that is taken or too long.
/// </summary>
internal static class StoredName
{
    private const int LongestPath = 100;
    private const int LongestClientName = 255;
    private const int SuffixLength = 7;
    private const string SuffixCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>The bare name in what a client sent; empty when there is none.</summary>
    public static string OfClient(string sent)
    {
        string name = WebUtility.HtmlDecode(sent);
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        name = Keep(name, rune => !Rune.IsControl(rune) && Rune.GetUnicodeCategory(rune) is not
            (UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            && (rune.Value == ' ' || Rune.GetUnicodeCategory(rune) != UnicodeCategory.SpaceSeparator));
        if (name is "." or "..")
        {
            return string.Empty;
        }

        if (Length(name) > LongestClientName)
        {
            (string root, string extension) = Split(name);
            extension = Cut(extension, LongestClientName);
            name = Cut(root, LongestClientName - Length(extension)) + extension;
        }

        return name;
    }

    /// <summary>The number of characters as the repository counts them.</summary>
    public static int Length(string name) => name.EnumerateRunes().Count();

    /// <summary>The path a file is stored under.</summary>
    /// <param name="folder">The folder, with its closing slash.</param>
    /// <param name="wanted">The client's name.</param>
    /// <param name="isTaken">Whether a path is in use.</param>
    /// <param name="random">What suffixes are drawn from.</param>
    /// <returns>The path; <see langword="null"/> when none can be made.</returns>
    public static string? Choose(string folder, string wanted, Func<string, bool> isTaken, Random random)
    {
        string name = Keep(
            wanted.Trim().Replace(' ', '_'),
            rune => Rune.IsLetterOrDigit(rune) || Rune.IsNumber(rune) || rune.Value is '_' or '-' or '.');
        if (name is "" or "." or "..")
        {
            return null;
        }

        (string root, string extension) = Split(name);
        string path = folder + name;
        while (Length(path) > LongestPath || isTaken(path))
        {
            path = Alternative(folder, root, extension, random);
            int excess = Length(path) - LongestPath;
            if (excess > 0)
            {
                root = Cut(root, Length(root) - excess);
                if (root.Length == 0)
                {
                    return null;
                }

                path = Alternative(folder, root, extension, random);
            }
        }

        return path;
    }

    private static string Alternative(string folder, string root, string extension, Random random) =>
        $"{folder}{root}_{new string(random.GetItems<char>(SuffixCharacters, SuffixLength))}{extension}";

    // The extension begins at the last dot that is not among the leading ones.
    private static (string Root, string Extension) Split(string name)
    {
        int dot = name.LastIndexOf('.');
        return dot > 0 && name.AsSpan(0, dot).ContainsAnyExcept('.') ? (name[..dot], name[dot..]) : (name, string.Empty);
    }

    private static string Cut(string text, int length) => Keep(text, _ => length-- > 0);

    private static string Keep(string text, Func<Rune, bool> wanted)
    {
        var kept = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes().Where(wanted))
        {
            kept.Append(rune);
        }

        return kept.ToString();
    }
}
