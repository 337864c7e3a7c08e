using System.IO.Compression;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace FedJob.ConsumerTests;

/// <summary>What is in a package file.</summary>
internal sealed class PackageArchive : IDisposable
{
    private readonly ZipArchive _zip;

    public PackageArchive(string path)
    {
        _zip = ZipFile.OpenRead(path);
        using Stream manifest = _zip.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        Metadata = XDocument.Load(manifest).Root!.Elements().Single(e => e.Name.LocalName == "metadata");
    }

    public XElement Metadata { get; }

    public IReadOnlyList<string> Files => [.. _zip.Entries.Select(e => e.FullName)];

    public string? this[string element] => Metadata.Elements().SingleOrDefault(e => e.Name.LocalName == element)?.Value;

    public IReadOnlyList<(string Id, string Version)> Dependencies =>
        [.. Named("dependency").Select(e => (e.Attribute("id")!.Value, e.Attribute("version")!.Value)).Order()];

    public IEnumerable<XElement> Named(string name) => Metadata.Descendants().Where(e => e.Name.LocalName == name);

    public long LengthOf(string file) => _zip.GetEntry(file)!.Length;

    /// <summary>Whether the compiler made the assembly so that the same sources give the same bytes.</summary>
    public bool IsDeterministic(string assembly)
    {
        using var bytes = new MemoryStream(Read(assembly));
        using var file = new PEReader(bytes);
        return file.ReadDebugDirectory().Any(d => d.Type == DebugDirectoryEntryType.Reproducible);
    }

    public byte[] Read(string file)
    {
        using Stream entry = _zip.GetEntry(file)!.Open();
        using var copy = new MemoryStream();
        entry.CopyTo(copy);
        return copy.ToArray();
    }

    public void Dispose() => _zip.Dispose();
}
