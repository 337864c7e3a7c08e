using System.Text.Json;

namespace FedJob.Tests.Captures;

/// <summary>
/// The captures of Fed-BioMed: everything under the directory that FEDJOB_FIXTURES names, else under the project's own Golden folder. Nothing
/// here knows the name of a scenario, so that further captures of the same layout are tried without a change of code. A kind that is missing
/// there (mqtt, repository, serializer, node-reactions, breakpoints) gives no data, and its tests are skipped.
/// </summary>
internal static class CaptureFolder
{
    public static string Own { get; } = Path.Combine(AppContext.BaseDirectory, "Golden");

    public static string Root { get; } = Environment.GetEnvironmentVariable("FEDJOB_FIXTURES") is { Length: > 0 } given
        ? Directory.Exists(given)
            ? Path.GetFullPath(given)
            : throw new DirectoryNotFoundException($"FEDJOB_FIXTURES names '{given}', which is no directory.")
        : Own;

    /// <summary>The directories of one kind, at any depth, in ordinal order.</summary>
    public static IEnumerable<string> Kind(string name) => Directory
        .EnumerateDirectories(Root, name, SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal);

    /// <summary>The files of one kind, relative to <see cref="Root"/>, with / between folders.</summary>
    public static IEnumerable<string> Files(string kind, string pattern, SearchOption depth = SearchOption.TopDirectoryOnly) => Kind(kind)
        .SelectMany(d => Directory.EnumerateFiles(d, pattern, depth))
        .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>
    /// The file behind a path: the target of a symbolic link, or of the small file with the path that stands for one where captures were
    /// stored without links. Null where there is none: some links lead nowhere.
    /// </summary>
    public static string? Resolve(string path)
    {
        const int LongestPath = 1024;
        if (!File.Exists(path))
        {
            return null;
        }

        if (new FileInfo(path).Length > LongestPath || File.ReadAllText(path) is not ['.', '.', '/', ..] target)
        {
            return path;
        }

        string file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, target.Trim()));
        return File.Exists(file) ? file : null;
    }

    public static JsonElement Load(string relative)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(PathOf(relative)));
        return document.RootElement.Clone();
    }
}
