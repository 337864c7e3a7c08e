using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FedJob.Tests.Architecture;

/// <summary>Every error code has a page that says what it means and what to do, and a test that mentions it.</summary>
internal static partial class ErrorPages
{
    public static IReadOnlyList<string> Sections { get; } = ["## Meaning", "## Causes", "## What to do"];

    public static string PageOf(string code) => $"docs/errors/{WordStart.Replace(code, "-$0").ToLowerInvariant()}.md";

    [GeneratedRegex("(?<!^)[A-Z]", RegexOptions.CultureInvariant)]
    private static partial Regex WordStart { get; }

    public static IEnumerable<string> Violations(IReadOnlyCollection<string> codes, IReadOnlyCollection<SourceFile> pages)
    {
        Dictionary<string, SourceFile> byPath = pages.ToDictionary(p => p.Path, StringComparer.Ordinal);
        SourceFile? table = byPath.GetValueOrDefault("docs/errors/README.md");
        foreach (string code in codes)
        {
            string path = PageOf(code);
            if (!byPath.Remove(path, out SourceFile? page))
            {
                yield return $"{code} has no page {path}";
                continue;
            }

            foreach (string missing in Sections.Prepend("# " + code).Except(page.Text.Split('\n')))
            {
                yield return $"{path} lacks the line '{missing}'";
            }

            if (table?.Text.Contains($"({Path.GetFileName(path)})", StringComparison.Ordinal) == false)
            {
                yield return $"docs/errors/README.md does not link {path}";
            }
        }

        foreach (string path in byPath.Keys.Where(p => p != "docs/errors/README.md"))
        {
            yield return $"{path} belongs to no error code";
        }
    }

    public static IEnumerable<string> Untested(IEnumerable<string> codes, IEnumerable<SourceFile> tests) => codes
        .Except(tests.SelectMany(f => f.Syntax.DescendantNodes().OfType<MemberAccessExpressionSyntax>())
            .Where(m => m.Expression is IdentifierNameSyntax { Identifier.ValueText: "FedJobErrorCode" })
            .Select(m => m.Name.Identifier.ValueText))
        .Select(code => $"no test mentions FedJobErrorCode.{code}");
}
