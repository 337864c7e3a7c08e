using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FedJob.Tests.Architecture;

/// <summary>The outer shape of a source file: its length, folder, namespace and what it declares.</summary>
internal static class SourceShape
{
    public const int MaximumLines = 300;

    private static readonly string[] Drawers = ["Utils", "Helpers", "Common", "Internal", "Models"];

    /// <summary>Registration extensions live in the framework's namespace, so that hosts find them without a using directive.</summary>
    private const string RegistrationNamespace = "Microsoft.Extensions.DependencyInjection";

    public static IEnumerable<string> TooLong(SourceFile file)
    {
        int lines = file.Text.TrimEnd('\n').Split('\n').Length;
        return lines > MaximumLines ? [$"{file.Path} has {lines} lines; split it by topic"] : [];
    }

    public static IEnumerable<string> Drawer(SourceFile file) => file.Folder.Split('/')
        .Where(f => Drawers.Contains(f, StringComparer.OrdinalIgnoreCase))
        .Select(f => $"{file.Path} lies in {f}; a folder names a topic of the field");

    /// <summary>A file holds at most one public type and is named like it (<c>Type.Topic.cs</c> for a part of a partial type).</summary>
    public static IEnumerable<string> PublicTypes(SourceFile file)
    {
        string[] names =
        [
            .. TopLevelTypes(file).Where(t => t.Modifiers.Any(SyntaxKind.PublicKeyword)).Select(NameOf).Distinct(),
        ];
        if (names.Length > 1)
        {
            yield return $"{file.Path} declares {string.Join(", ", names)}; one public type a file";
        }
        else if (names.Length == 1 && names[0] != file.Name.Split('.')[0])
        {
            yield return $"{file.Path} declares {names[0]}; name the file like the type";
        }
    }

    /// <summary>Folder = namespace, below the root namespace of the project.</summary>
    public static IEnumerable<string> Namespace(SourceFile file, ProjectFile project)
    {
        string expected = project.RootNamespace + file.Folder[project.Folder.Length..].Replace('/', '.');
        string? declared = file.Syntax.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString();
        bool registration = declared == RegistrationNamespace && file.Name.EndsWith("ServiceCollectionExtensions", StringComparison.Ordinal);
        return declared == expected || registration || !TopLevelTypes(file).Any()
            ? []
            : [$"{file.Path} declares namespace {declared ?? "(none)"}; its folder says {expected}"];
    }

    private static IEnumerable<MemberDeclarationSyntax> TopLevelTypes(SourceFile file) =>
        file.Syntax.DescendantNodes(n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<MemberDeclarationSyntax>()
            .Where(m => m is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax);

    private static string NameOf(MemberDeclarationSyntax type) =>
        type is DelegateDeclarationSyntax @delegate ? @delegate.Identifier.ValueText : ((BaseTypeDeclarationSyntax)type).Identifier.ValueText;
}
