using System.Globalization;
using FedJob.Abstractions;

namespace FedJob.Checkpoints;

/// <summary>Where a breakpoint lies.</summary>
/// <param name="Directory">Its directory; the one above is the experiment's.</param>
/// <param name="JsonFile">Its JSON.</param>
internal sealed record FedBioMedLocation(string Directory, string JsonFile)
{
    private const string NameStart = "breakpoint_";
    private const string JsonEnd = ".json";

    /// <summary>Finds a breakpoint: the directory itself, or the newest in the directory of an experiment.</summary>
    public static FedBioMedLocation Find(string directory, List<string> problems)
    {
        var given = new DirectoryInfo(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
        if (given.LinkTarget is not null && given.ResolveLinkTarget(returnFinalTarget: true) is { } target)
        {
            given = new DirectoryInfo(Path.TrimEndingDirectorySeparator(target.FullName));
        }

        if (!given.Exists)
        {
            throw None(directory, "there is no such directory");
        }

        if (In(given.FullName) is { } own)
        {
            return own;
        }

        string[] newestFirst =
        [
            .. given.EnumerateDirectories(NameStart + "*")
                .Where(d => d.LinkTarget is null && Number(d.Name) is not null)
                .OrderByDescending(d => Number(d.Name))
                .Select(d => d.FullName),
        ];
        foreach (string candidate in newestFirst)
        {
            if (In(candidate) is { } found)
            {
                return found;
            }

            problems.Add($"'{Path.GetFileName(candidate)}' has no breakpoint in it; an older one was taken.");
        }

        throw None(directory, "it holds neither a breakpoint_NNNN.json nor directories breakpoint_NNNN with one");
    }

    /// <summary>Whether a directory looks like a breakpoint or an experiment with breakpoints; whether it is sound is told when it is read.</summary>
    public static bool IsIn(string directory) =>
        System.IO.Directory.EnumerateFileSystemEntries(directory, NameStart + "*").Any(e => IsJson(e) || Number(Path.GetFileName(e)) is not null);

    /// <summary>The number of a breakpoint by its name; null for another name.</summary>
    private static int? Number(string name) =>
        name.StartsWith(NameStart, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(NameStart.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;

    private static bool IsJson(string path) =>
        path.EndsWith(JsonEnd, StringComparison.Ordinal) && Number(Path.GetFileNameWithoutExtension(path)) is not null;

    private static FedBioMedLocation? In(string directory)
    {
        var files = new FedBioMedFiles(directory, []);
        string usual = Path.Combine(directory, Path.GetFileName(directory) + JsonEnd);
        if (Number(Path.GetFileName(directory)) is not null && files.Follow(usual, out _, out _) is { } json)
        {
            return new FedBioMedLocation(directory, json);
        }

        string[] others = [.. System.IO.Directory.EnumerateFiles(directory, NameStart + "*").Where(IsJson)];
        return others is [var only] && files.Follow(only, out _, out _) is { } renamed ? new FedBioMedLocation(directory, renamed) : null;
    }

    private static CheckpointException None(string directory, string why) => new(
        FedJobErrorCode.CheckpointInvalid,
        directory,
        $"No Fed-BioMed breakpoint was found in '{directory}': {why}. Name a directory breakpoint_NNNN, or the experiment's directory that holds them.");
}
