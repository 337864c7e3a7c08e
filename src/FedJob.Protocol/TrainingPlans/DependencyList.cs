using System.Text.Json;

namespace FedJob.Protocol.TrainingPlans;

/// <summary>What the <c>.deps.json</c> that the SDK writes beside an assembly says about the files the assembly needs.</summary>
/// <param name="Assemblies">Managed files.</param>
/// <param name="NativeFiles">Native files, as paths below the assembly's folder.</param>
internal sealed record DependencyList(IReadOnlyList<DependencyList.Asset> Assemblies, IReadOnlyList<DependencyList.Asset> NativeFiles)
{
    /// <summary>Reads the list of one assembly, without what only FedJob's contract and FedJob's other libraries bring.</summary>
    /// <param name="content">The <c>.deps.json</c>.</param>
    /// <param name="assemblyFile">The file name of the assembly it belongs to.</param>
    /// <param name="references">The file names of the assemblies that one references; they travel even if FedJob needs them, too.</param>
    /// <returns>The list.</returns>
    /// <exception cref="JsonException">The content is no JSON, or not of the known form.</exception>
    public static DependencyList Read(ReadOnlyMemory<byte> content, string assemblyFile, IEnumerable<string> references)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            string target = document.RootElement.GetProperty("runtimeTarget").GetProperty("name").GetString()!;
            JsonElement targets = document.RootElement.GetProperty("targets");
            Library[] libraries = [.. targets.GetProperty(target).EnumerateObject().Select(ReadLibrary)];
            Library[] travelling = [.. WithoutHostOnly(libraries, assemblyFile, references)];
            return new DependencyList([.. travelling.SelectMany(l => l.Assemblies)], [.. travelling.SelectMany(l => l.NativeFiles)]);
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException or ArgumentNullException)
        {
            throw new JsonException($"The file has not the form of a .deps.json: {exception.Message}", exception);
        }
    }

    private static Library ReadLibrary(JsonProperty property)
    {
        string name = property.Name.Split('/')[0];
        string[] dependencies = [.. Properties(property.Value, "dependencies").Select(d => d.Name)];
        var assemblies = new List<Asset>();
        var native = new List<Asset>();
        foreach (JsonProperty file in Properties(property.Value, "runtime").Where(f => !f.Name.EndsWith("/_._", StringComparison.Ordinal)))
        {
            assemblies.Add(new Asset(property.Name, Path.GetFileName(file.Name), RuntimeIdentifier: null));
        }

        foreach (JsonProperty file in Properties(property.Value, "runtimeTargets"))
        {
            // RID "any" stands for the file that is for no platform in particular.
            string runtime = file.Value.GetProperty("rid").GetString()!;
            List<Asset> list = file.Value.GetProperty("assetType").GetString() == "native" ? native : assemblies;
            list.Add(new Asset(property.Name, file.Name, runtime == "any" ? null : runtime));
        }

        native.AddRange(Properties(property.Value, "native").Select(file => new Asset(property.Name, Path.GetFileName(file.Name), null)));
        return new Library(name, dependencies, assemblies, native);
    }

    private static JsonElement.ObjectEnumerator Properties(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement child) ? child.EnumerateObject() : default;

    /// <summary>
    /// Leaves out the assembly itself, the runtime of a self-contained program, the contract, FedJob's other libraries, and what only
    /// those bring.
    /// </summary>
    private static IEnumerable<Library> WithoutHostOnly(Library[] libraries, string assemblyFile, IEnumerable<string> references)
    {
        var wanted = references.ToHashSet(StringComparer.OrdinalIgnoreCase);
        bool IsRoot(Library l) => l.Assemblies.Any(a => string.Equals(a.Path, assemblyFile, StringComparison.OrdinalIgnoreCase));
        bool IsHost(Library l) =>
            HostAssemblies.IsContract(l.Name)
            || HostAssemblies.IsNotForPlans(l.Name)
            || l.Name.StartsWith("runtimepack.", StringComparison.Ordinal);

        ILookup<string, Library> byName = libraries.ToLookup(l => l.Name, StringComparer.OrdinalIgnoreCase);
        bool IsOwn(Library l) => IsRoot(l) || l.Assemblies.Any(a => wanted.Contains(Path.GetFileName(a.Path)));
        HashSet<Library> own = Reach(libraries.Where(l => IsOwn(l) && !IsHost(l)), byName, l => !IsHost(l));
        HashSet<Library> hosts = Reach(libraries.Where(IsHost), byName, _ => true);
        return libraries.Where(l => !IsRoot(l) && !IsHost(l) && (own.Contains(l) || !hosts.Contains(l)));
    }

    private static HashSet<Library> Reach(IEnumerable<Library> from, ILookup<string, Library> byName, Func<Library, bool> enter)
    {
        var reached = new HashSet<Library>();
        var waiting = new Queue<Library>(from);
        while (waiting.TryDequeue(out Library? library))
        {
            if (reached.Add(library))
            {
                foreach (Library next in library.Dependencies.SelectMany(d => byName[d]).Where(enter))
                {
                    waiting.Enqueue(next);
                }
            }
        }

        return reached;
    }

    /// <summary>One file.</summary>
    /// <param name="Library">The package or project that brings it, with its version.</param>
    /// <param name="Path">Its path below the folder of the assembly, with forward slashes.</param>
    /// <param name="RuntimeIdentifier">The platform it is for, or <see langword="null"/> for all.</param>
    internal sealed record Asset(string Library, string Path, string? RuntimeIdentifier);

    private sealed class Library(string name, string[] dependencies, List<Asset> assemblies, List<Asset> nativeFiles)
    {
        public string Name => name;

        public IReadOnlyList<string> Dependencies => dependencies;

        public IReadOnlyList<Asset> Assemblies => assemblies;

        public IReadOnlyList<Asset> NativeFiles => nativeFiles;
    }
}
