using System.Globalization;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FedJob.Tests.Architecture;

/// <summary>
/// Which numbers of a numbered list the tests claim to hold, by their <c>[Trait]</c>s; a trait on a class or on a test method counts.
/// </summary>
internal static class NumberedTraits
{
    public static IEnumerable<string> Missing(string list, IEnumerable<int> numbers, IEnumerable<SourceFile> tests)
    {
        HashSet<string> claimed = [.. tests.SelectMany(f => Claimed(list, f))];
        return numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)).Where(n => !claimed.Contains(n))
            .Select(n => $"no test carries [Trait(\"{list}\", \"{n}\")]");
    }

    private static IEnumerable<string> Claimed(string list, SourceFile file) => file.Syntax.DescendantNodes().OfType<AttributeSyntax>()
        .Where(a => a.Name.ToString() == "Trait" && a.ArgumentList?.Arguments.Count == 2 && Text(a, 0) == list && IsOnATest(a))
        .Select(a => Text(a, 1)!);

    private static string? Text(AttributeSyntax attribute, int argument) =>
        (attribute.ArgumentList!.Arguments[argument].Expression as LiteralExpressionSyntax)?.Token.ValueText;

    private static bool IsOnATest(AttributeSyntax attribute) => attribute.Parent?.Parent switch
    {
        MethodDeclarationSyntax method => IsTest(method),
        ClassDeclarationSyntax type => type.Members.OfType<MethodDeclarationSyntax>().Any(IsTest),
        _ => false,
    };

    private static bool IsTest(MethodDeclarationSyntax method) =>
        method.AttributeLists.SelectMany(l => l.Attributes).Any(a => a.Name.ToString() is "Fact" or "Theory");
}
