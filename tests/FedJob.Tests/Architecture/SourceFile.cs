using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FedJob.Tests.Architecture;

/// <summary>A file of the repository, or a sample that stands for one; the path is relative to the root, with forward slashes.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    private readonly Lazy<SyntaxTree> _tree = new(() => CSharpSyntaxTree.ParseText(Text, path: Path));

    public SyntaxTree Tree => _tree.Value;

    public SyntaxNode Syntax => Tree.GetRoot();

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string Folder => Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('/')] : string.Empty;

    public string At(SyntaxNodeOrToken place) => $"{Path}:{place.GetLocation()!.GetLineSpan().StartLinePosition.Line + 1}";
}
