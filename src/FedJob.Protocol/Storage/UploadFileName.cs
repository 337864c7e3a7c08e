using System.Buffers;

namespace FedJob.Protocol.Storage;

/// <summary>Names that a repository takes as they are: bare and of plain characters.</summary>
internal static class UploadFileName
{
    private const int LongestName = 100;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    /// <summary>Checks a name.</summary>
    /// <exception cref="ArgumentException">It is not allowed.</exception>
    public static void Check(string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        if (fileName.Length is 0 or > LongestName || fileName is "." or ".." || fileName.AsSpan().ContainsAnyExcept(Allowed))
        {
            string shown = fileName.Length <= LongestName ? fileName : fileName[..LongestName] + "...";
            throw new ArgumentException(
                $"The file name '{shown}' is not allowed; expected a bare name of 1 to {LongestName} "
                    + "of the characters A-Z a-z 0-9 _ . - and not '.' or '..'.",
                nameof(fileName));
        }
    }
}
