using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FedJob.Tests.Architecture;

/// <summary>Which package may lean on which: the table of docs/architecture.md.</summary>
internal static class PackageFloors
{
    private const string Logging = "Microsoft.Extensions.Logging.Abstractions";

    public static IReadOnlyDictionary<string, PackageFloor> Table { get; } = new Dictionary<string, PackageFloor>(StringComparer.Ordinal)
    {
        ["FedJob.Abstractions"] = new([], [Logging], []),
        ["FedJob.Protocol"] = new(["FedJob.Abstractions"], [Logging, "MQTTnet", "MessagePack", "Polly.Core", "System.IO.Hashing"], []),
        ["FedJob"] = new(
            ["FedJob.Protocol"],
            [
                Logging, "Microsoft.Extensions.Logging", "Microsoft.Extensions.Options", "Microsoft.Extensions.Options.ConfigurationExtensions",
                "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Data.Sqlite", "System.Numerics.Tensors",
            ],
            []),
        ["FedJob.Node"] = new(
            ["FedJob.Protocol"],
            [
                Logging, "Microsoft.Extensions.Options", "Microsoft.Extensions.Options.ConfigurationExtensions",
                "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Hosting.Abstractions",
            ],
            []),
        ["FedJob.Testing"] = new(["FedJob", "FedJob.Node"], [Logging, "MQTTnet.Server"], ["Microsoft.AspNetCore.App"]),
    };

    /// <summary>References a project file may not have.</summary>
    public static IEnumerable<string> Upward(ProjectFile project)
    {
        if (!Table.TryGetValue(project.Name, out PackageFloor? floor))
        {
            return [$"{project.Name} has no floor; give it one in the table"];
        }

        return project.Projects.Except(floor.Projects)
            .Concat(project.Packages.Except(floor.Packages))
            .Concat(project.Frameworks.Except(floor.Frameworks))
            .Select(reference => $"{project.Name} references {reference}");
    }

    /// <summary>FedJob assemblies a built assembly may not lean on, directly or through others.</summary>
    public static IEnumerable<string> UpwardAssemblies(string name, IEnumerable<string> references)
    {
        HashSet<string> below = Below(name);
        return references.Where(r => r.Split('.')[0] == "FedJob" && !below.Contains(r)).Select(r => $"{name}.dll references {r}");
    }

    /// <summary>Assemblies beside the framework's own and the logging abstractions.</summary>
    public static IEnumerable<string> BeyondFramework(string name, IEnumerable<string> references)
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return references.Where(r => r != Logging && !File.Exists(Path.Combine(framework, r + ".dll"))).Select(r => $"{name}.dll references {r}");
    }

    /// <summary>Sources that name the MQTT library outside the link and the embedded broker.</summary>
    public static IEnumerable<string> NamesMqttLibrary(SourceFile file) =>
        file.Path.StartsWith("src/FedJob.Protocol/Mqtt/", StringComparison.Ordinal) || file.Path.StartsWith("src/FedJob.Testing/", StringComparison.Ordinal)
            ? []
            : file.Syntax.DescendantTokens()
                .Where(t => t.IsKind(SyntaxKind.IdentifierToken) && t.ValueText.StartsWith("MQTTnet", StringComparison.Ordinal))
                .Select(t => $"{file.At(t)} names {t.ValueText}");

    public static IReadOnlyList<string> ReferencesOf(string assemblyPath)
    {
        using var file = new PEReader(File.OpenRead(assemblyPath));
        MetadataReader metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))];
    }

    private static HashSet<string> Below(string name)
    {
        var below = new HashSet<string>(StringComparer.Ordinal);
        foreach (string direct in Table[name].Projects)
        {
            below.Add(direct);
            below.UnionWith(Below(direct));
        }

        return below;
    }
}
