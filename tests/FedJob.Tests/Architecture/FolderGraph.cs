using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FedJob.Tests.Architecture;

/// <summary>
/// Which folder of a project names types or members of which other folder, one example for each pair. The project's root folder is a floor like
/// any other: when it uses a folder, that folder may not use it. A folder inside a folder belongs to its topic. Documentation comments are no use.
/// </summary>
internal sealed class FolderGraph
{
    private readonly SortedDictionary<(string From, string To), string> _uses = [];

    public FolderGraph(string projectFolder, IEnumerable<SourceFile> sources)
    {
        SourceFile[] files = [.. sources];
        CSharpCompilation compilation = References.Compile(Path.GetFileName(projectFolder), files.Select(f => f.Tree));
        foreach (SourceFile file in files)
        {
            SemanticModel model = compilation.GetSemanticModel(file.Tree);
            foreach (SimpleNameSyntax name in file.Syntax.DescendantNodes().OfType<SimpleNameSyntax>())
            {
                foreach (string home in HomesOf(model, name).Select(h => Within(projectFolder, h)))
                {
                    string from = Within(projectFolder, file.Folder);
                    if (home != from)
                    {
                        _uses.TryAdd((from, home), $"{file.At(name)} {name.Identifier.ValueText}");
                    }
                }
            }
        }
    }

    public bool Uses(string from, string to) => _uses.ContainsKey((from, to));

    /// <summary>One line for each circle: the folders on it, and who leans on whom by what.</summary>
    public IEnumerable<string> Circles()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (string start in _uses.Keys.Select(k => k.From).Distinct())
        {
            if (!done.Contains(start) && PathBack(start, start, []) is { } circle)
            {
                done.UnionWith(circle);
                yield return string.Join("; ", circle.Select((from, i) =>
                {
                    string to = circle[(i + 1) % circle.Count];
                    return $"{from} -> {to} ({_uses[(from, to)]})";
                }));
            }
        }
    }

    private List<string>? PathBack(string folder, string start, HashSet<string> seen)
    {
        foreach (string next in _uses.Keys.Where(k => k.From == folder).Select(k => k.To))
        {
            if (next == start)
            {
                return [folder];
            }

            if (seen.Add(next) && PathBack(next, start, seen) is { } rest)
            {
                return [folder, .. rest];
            }
        }

        return null;
    }

    private static IEnumerable<string> HomesOf(SemanticModel model, SimpleNameSyntax name)
    {
        SymbolInfo info = model.GetSymbolInfo(name);
        ISymbol? symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
        return type is null
            ? []
            : type.OriginalDefinition.DeclaringSyntaxReferences.Select(r => new SourceFile(r.SyntaxTree.FilePath, string.Empty).Folder).Take(1);
    }

    private static string Within(string project, string folder) => folder == project ? "(root)" : folder[(project.Length + 1)..].Split('/')[0];
}
