using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;

namespace FedJob.ConsumerTests;

[Collection(nameof(PackageCollection))]
[Trait("kind", "package")]
public sealed class PackageContentTests(PackedPackages packages)
{
    private const string Extensions = "Microsoft.Extensions.";
    private static readonly Guid SourceLink = new("cc110556-a091-4d38-9fec-25ab9a351a6a");

    private static readonly Dictionary<string, string[]> Dependencies = new()
    {
        ["FedJob.Abstractions"] = [Extensions + "Logging.Abstractions"],
        ["FedJob.Protocol"] = ["FedJob.Abstractions", Extensions + "Logging.Abstractions", "MQTTnet", "MessagePack", "Polly.Core", "System.IO.Hashing"],
        ["FedJob"] =
        [
            "FedJob.Protocol", "Microsoft.Data.Sqlite", Extensions + "DependencyInjection.Abstractions", Extensions + "Logging", Extensions + "Options",
            Extensions + "Options.ConfigurationExtensions", "System.Numerics.Tensors",
        ],
        ["FedJob.Node"] =
        [
            "FedJob.Protocol", Extensions + "Hosting.Abstractions", Extensions + "Logging.Abstractions", Extensions + "Options",
            Extensions + "Options.ConfigurationExtensions",
        ],
        ["FedJob.Testing"] = ["FedJob", "FedJob.Node", "MQTTnet.Server"],
    };

    public static TheoryData<string> Packages => [.. Dependencies.Keys];

    [Fact]
    public void Pack_Solution_MakesThePackagesAndTheirSymbolsOnly() => Assert.Equal(
        Dependencies.Keys.SelectMany(id => new[] { $"{id}.{packages.Version}.nupkg", $"{id}.{packages.Version}.snupkg" }).Order(StringComparer.Ordinal),
        Directory.EnumerateFiles(packages.Feed).Select(Path.GetFileName).Order(StringComparer.Ordinal)!);

    [Theory]
    [MemberData(nameof(Packages))]
    public void Package_Content_IsAssemblyDocsReadmeAndLicence(string id)
    {
        using PackageArchive package = Open(id, "nupkg");

        Assert.Equal(
            ["LICENSE", "README.md", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"],
            package.Files.Where(f => !IsPackaging(f)).Order(StringComparer.Ordinal));
        Assert.Equal("Apache-2.0", package["license"]);
        Assert.Equal("README.md", package["readme"]);
        Assert.False(string.IsNullOrWhiteSpace(package["description"]));
        Assert.All(["README.md", "LICENSE", $"lib/net10.0/{id}.xml"], f => Assert.InRange(package.LengthOf(f), 1, long.MaxValue));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Package_Dependencies_AreThoseOfTheTable(string id)
    {
        using PackageArchive package = Open(id, "nupkg");

        Assert.Equal(Dependencies[id].Order(StringComparer.Ordinal), package.Dependencies.Select(d => d.Id).Order(StringComparer.Ordinal));
        Assert.All(package.Dependencies.Where(d => d.Id.StartsWith("FedJob", StringComparison.Ordinal)), d => Assert.Equal(packages.Version, d.Version));
        Assert.Equal(
            id == "FedJob.Testing" ? ["Microsoft.AspNetCore.App"] : [], package.Named("frameworkReference").Select(f => f.Attribute("name")!.Value));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Package_Assembly_IsDeterministicAndHasItsSymbols(string id)
    {
        using PackageArchive package = Open(id, "nupkg");
        using PackageArchive symbols = Open(id, "snupkg");

        Assert.True(package.IsDeterministic($"lib/net10.0/{id}.dll"));
        Assert.Contains($"lib/net10.0/{id}.pdb", symbols.Files);
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Package_RepositoryUrl_IsThereTogetherWithSourceLink(string id)
    {
        using PackageArchive package = Open(id, "nupkg");
        using PackageArchive symbols = Open(id, "snupkg");

        XElement repository = Assert.Single(package.Named("repository"));
        Assert.Equal("git", repository.Attribute("type")!.Value);
        Assert.Matches("^[0-9a-f]{40}$", repository.Attribute("commit")!.Value);
        string? url = repository.Attribute("url")?.Value;
        Assert.True(url is null || url.StartsWith("https://", StringComparison.Ordinal), $"'{url}' leads nowhere but on this machine");
        Assert.Equal(url is not null, HasSourceLink(symbols.Read($"lib/net10.0/{id}.pdb")));
    }

    private static bool HasSourceLink(byte[] pdb)
    {
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(pdb));
        MetadataReader reader = provider.GetMetadataReader();
        return reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation)
            .Any(i => reader.GetGuid(i.Kind) == SourceLink && Encoding.UTF8.GetString(reader.GetBlobBytes(i.Value)).Contains("https://", StringComparison.Ordinal));
    }

    private static bool IsPackaging(string file) =>
        file is "[Content_Types].xml" || file.EndsWith(".nuspec", StringComparison.Ordinal) || file.StartsWith("_rels/", StringComparison.Ordinal)
        || file.StartsWith("package/", StringComparison.Ordinal);

    private PackageArchive Open(string id, string kind) => new(Path.Combine(packages.Feed, $"{id}.{packages.Version}.{kind}"));
}
