using System.Buffers;
using System.Globalization;

namespace FedJob.Checkpoints;

/// <summary>
/// Finds the files that a breakpoint names. Its JSON holds paths of the machine it was made on, so files are looked for by their bare name: in the breakpoint's
/// directory, where most are relative links, then in the experiment's directory above it. Nothing outside the experiment's directory is ever looked at.
/// </summary>
internal sealed class FedBioMedFiles
{
    private const int MaximumLinks = 8;
    private const int LongestLink = 1024;
    private const int LongestName = 255;

    private static readonly SearchValues<char> NotInNames = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (char)c), '/', '\\', ':']);

    private readonly string _directory;
    private readonly string _experiment;
    private readonly List<string> _problems;

    /// <param name="directory">The breakpoint's directory.</param>
    /// <param name="problems">Where to note what was repaired or is missing.</param>
    public FedBioMedFiles(string directory, List<string> problems)
    {
        _directory = directory;
        _experiment = Path.GetDirectoryName(directory) ?? directory;
        _problems = problems;
    }

    /// <summary>The file that a field names; null for a null field, and, with a problem noted, for a file that is not there.</summary>
    public string? Find(FedBioMedJson? field)
    {
        if (field is not { } named)
        {
            return null;
        }

        string name = named.Text().Split('/', '\\')[^1];
        if (!IsName(name))
        {
            throw named.Wrong("the path of a file");
        }

        string here = Path.Combine(_directory, name);
        if (Follow(here, out string? why, out string? linked) is { } found)
        {
            return found;
        }

        foreach (string candidate in Candidates(name, linked))
        {
            if (candidate != here && Follow(candidate, out _, out _) is { } other)
            {
                _problems.Add($"{named.Path}: '{name}' {why}; repaired: '{Path.GetRelativePath(_experiment, other)}' of the experiment was taken.");
                return other;
            }
        }

        _problems.Add($"{named.Path}: '{name}' {why}, and the experiment's directory has no such file: missing.");
        return null;
    }

    /// <summary>A regular file: the one at the path, or the one that links inside the experiment's directory lead to.</summary>
    /// <param name="path">The path.</param>
    /// <param name="why">Why there is none.</param>
    /// <param name="linked">The bare name that the last link leads to.</param>
    public string? Follow(string path, out string? why, out string? linked)
    {
        (why, linked) = (null, null);
        for (int links = 0; links <= MaximumLinks; links++)
        {
            var file = new FileInfo(path);
            string? target = file.LinkTarget;
            if (target is null)
            {
                // A pipe or a device has no length either, and is never opened.
                if (!file.Exists || file.Length == 0)
                {
                    why = (linked is null ? string.Empty : $"is a link to '{linked}', which ") + (file.Exists ? "is empty" : "is not there");
                    return null;
                }

                target = ReadLink(file);
                if (target is null)
                {
                    return path;
                }
            }

            string name = target.Split('/', '\\')[^1];
            linked = IsName(name) ? name : null;
            if (target[0] is '/' or '\\' || Path.IsPathRooted(target))
            {
                why = "is a link with an absolute path";
                return null;
            }

            path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, target.Replace('\\', '/')));
            if (!IsInside(path))
            {
                why = "is a link out of the experiment's directory";
                return null;
            }
        }

        why = "is a link in a circle";
        return null;
    }

    /// <summary>
    /// Where archives and checkouts have no links, a small text with the target stands for each. No parameter file and no plan begins like that.
    /// </summary>
    private static string? ReadLink(FileInfo file)
    {
        if (file.Length > LongestLink)
        {
            return null;
        }

        string text = File.ReadAllText(file.FullName).TrimEnd('\r', '\n');
        return text is ['.', '.', '/' or '\\', ..] or ['/', ..] && !text.Any(char.IsControl) ? text : null;
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && !name.AsSpan().ContainsAny(NotInNames) && name is not ("." or "..");

    /// <summary>A file name with a unique id is the same file wherever it is. A second save adds a number to such a name, in the breakpoint only.</summary>
    private IEnumerable<string> Candidates(string name, string? linked)
    {
        if (linked is not null)
        {
            yield return Path.Combine(_experiment, linked);
            yield return Path.Combine(_directory, linked);
        }

        yield return Path.Combine(_experiment, name);
        if (WithoutNumber(name) is { } first)
        {
            yield return Path.Combine(_experiment, first);
        }
    }

    /// <summary>The name before a second save numbered it, e.g. <c>node_params_(unique id)_01.mpk</c>; null for a name without a unique id.</summary>
    private static string? WithoutNumber(string name)
    {
        const int UniqueLength = 36;
        const int NumberLength = 3;
        string stem = Path.GetFileNameWithoutExtension(name);
        return stem.Length > UniqueLength + NumberLength
            && stem[^NumberLength] == '_'
            && int.TryParse(stem.AsSpan(stem.Length - NumberLength + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && Guid.TryParseExact(stem.AsSpan(stem.Length - NumberLength - UniqueLength, UniqueLength), "D", out _)
            ? stem[..^NumberLength] + Path.GetExtension(name)
            : null;
    }

    /// <summary>Whether a path lies in the experiment's directory, with no linked directory on the way.</summary>
    private bool IsInside(string path)
    {
        string? folder = Path.GetDirectoryName(path);
        while (folder is not null && folder != _experiment && folder != _directory)
        {
            if (new DirectoryInfo(folder) is not { Exists: true, LinkTarget: null })
            {
                return false;
            }

            folder = Path.GetDirectoryName(folder);
        }

        return folder is not null;
    }
}
