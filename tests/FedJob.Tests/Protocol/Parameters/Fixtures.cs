using System.Text.Json;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>The captures of Fed-BioMed: under the directory FEDJOB_FIXTURES names, else the project's own.</summary>
internal static class Fixtures
{
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("FEDJOB_FIXTURES") is { Length: > 0 } given ? given : Own;

    public static string Own => Path.Combine(AppContext.BaseDirectory, "Golden");

    public static string Directory(string manifest) => Path.GetDirectoryName(Path.Combine(Root, manifest))!;

    /// <summary>Every serializer entry: manifest, entry name.</summary>
    public static IEnumerable<(string Manifest, string Name)> SerializerEntries() =>
        from manifest in Manifests()
        where new DirectoryInfo(Directory(manifest)).Name == "serializer"
        from entry in Load(manifest).GetProperty("entries").EnumerateArray()
        select (manifest, entry.GetProperty("name").GetString()!);

    /// <summary>Every file of every repository scenario: manifest, file name.</summary>
    public static IEnumerable<(string Manifest, string Name)> RepositoryFiles() =>
        from manifest in Manifests()
        where new DirectoryInfo(Directory(manifest)).Parent?.Name == "repository"
        from file in Load(manifest).EnumerateObject()
        select (manifest, file.Name);

    /// <summary>The bytes of every parameter file there is.</summary>
    public static IReadOnlyList<byte[]> AllParameterFiles() =>
    [
        .. System.IO.Directory.EnumerateFiles(Own, "*.mpk", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes),
    ];

    public static JsonElement Entry(string manifest, string name) =>
        Load(manifest).GetProperty("entries").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);

    public static JsonElement Load(string manifest) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Root, manifest))).RootElement;

    private static IEnumerable<string> Manifests() => System.IO.Directory
        .EnumerateFiles(Root, "manifest.json", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Root, f))
        .Order(StringComparer.Ordinal);
}
