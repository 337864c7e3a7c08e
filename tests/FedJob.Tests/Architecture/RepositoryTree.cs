namespace FedJob.Tests.Architecture;

/// <summary>The checkout this test was built from: its root, its sources, its built assemblies.</summary>
internal static class RepositoryTree
{
    private static readonly string[] Generated = ["artifacts", "bin", "obj", "TestResults"];
    private static readonly Lazy<IReadOnlyList<SourceFile>> CSharp = new(() => Files("*.cs", "src", "tests", "samples", "benchmarks"));

    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>Every C# source of src, tests, samples and benchmarks.</summary>
    public static IReadOnlyList<SourceFile> CSharpFiles => CSharp.Value;

    public static IReadOnlyList<SourceFile> SourcesUnder(string folder) =>
        [.. CSharpFiles.Where(f => f.Path.StartsWith(folder + "/", StringComparison.Ordinal))];

    public static IReadOnlyList<SourceFile> Files(string pattern, params string[] folders) =>
        [.. folders.Select(f => Path.Combine(Root, f)).Where(Directory.Exists).SelectMany(f => Walk(f, pattern)).Order(StringComparer.Ordinal).Select(Read)];

    public static SourceFile Read(string path) =>
        new(Path.GetRelativePath(Root, Path.Combine(Root, path)).Replace('\\', '/'), File.ReadAllText(Path.Combine(Root, path)));

    /// <summary>An assembly of src as the build left it, in the configuration of this test.</summary>
    public static string BuiltAssembly(string project) =>
        Path.Combine(Root, "artifacts", "bin", project, new DirectoryInfo(AppContext.BaseDirectory).Name, project + ".dll");

    public static string FindRoot(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FedJob.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {start} holds FedJob.sln.");
    }

    private static IEnumerable<string> Walk(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, pattern).Concat(
            Directory.EnumerateDirectories(folder).Where(d => !Generated.Contains(Path.GetFileName(d))).SelectMany(d => Walk(d, pattern)));
}
