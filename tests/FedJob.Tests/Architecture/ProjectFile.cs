using System.Xml.Linq;

namespace FedJob.Tests.Architecture;

/// <summary>What a project file refers to.</summary>
internal sealed record ProjectFile(
    string Name, string Folder, string RootNamespace, IReadOnlyList<string> Projects, IReadOnlyList<string> Packages, IReadOnlyList<string> Frameworks)
{
    public static ProjectFile Parse(SourceFile file)
    {
        XElement root = XDocument.Parse(file.Text).Root!;
        return new ProjectFile(
            file.Name,
            file.Folder,
            root.Descendants("RootNamespace").FirstOrDefault()?.Value ?? file.Name,
            [.. Included(root, "ProjectReference").Select(p => Path.GetFileNameWithoutExtension(p.Replace('\\', '/')))],
            Included(root, "PackageReference"),
            Included(root, "FrameworkReference"));
    }

    private static string[] Included(XElement root, string item) =>
        [.. root.Descendants(item).Select(e => e.Attribute("Include")?.Value).OfType<string>()];
}
