using System.Text.Json;
using FedJob.Tests.Captures;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>The captured parameter files and their manifests.</summary>
internal static class Fixtures
{
    public static string Root => CaptureFolder.Root;

    public static string Own => CaptureFolder.Own;

    public static string Directory(string manifest) => Path.GetDirectoryName(CaptureFolder.PathOf(manifest))!;

    /// <summary>Every serializer entry: manifest, entry name.</summary>
    public static IEnumerable<(string Manifest, string Name)> SerializerEntries() =>
        from manifest in CaptureFolder.Files("serializer", "manifest.json")
        from entry in Load(manifest).GetProperty("entries").EnumerateArray()
        select (manifest, entry.GetProperty("name").GetString()!);

    /// <summary>Every file of every repository scenario: manifest, file name.</summary>
    public static IEnumerable<(string Manifest, string Name)> RepositoryFiles() =>
        from manifest in CaptureFolder.Files("repository", "manifest.json", SearchOption.AllDirectories)
        from file in Load(manifest).EnumerateObject()
        select (manifest, file.Name);

    /// <summary>The bytes of every parameter file that comes with the project; copies once.</summary>
    public static IReadOnlyList<byte[]> AllParameterFiles() =>
    [
        .. new[] { "serializer", "repository" }
            .SelectMany(kind => System.IO.Directory.EnumerateDirectories(Own, kind, SearchOption.AllDirectories))
            .SelectMany(folder => System.IO.Directory.EnumerateFiles(folder, "*.mpk", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes),
    ];

    public static JsonElement Entry(string manifest, string name) =>
        Load(manifest).GetProperty("entries").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);

    public static JsonElement Load(string manifest) => CaptureFolder.Load(manifest);
}
