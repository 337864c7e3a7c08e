using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FedJob.Tests.Architecture;

/// <summary>Library code never ends the process, and throws nothing but FedJob's own exceptions and those of misuse.</summary>
internal static class TypedErrors
{
    private static readonly string[] Ends = ["Environment.Exit", "Environment.FailFast", "Environment.ExitCode", "Application.Exit"];

    private static readonly string[] Misuse =
    [
        "ArgumentException", "ArgumentNullException", "ArgumentOutOfRangeException", "InvalidOperationException", "ObjectDisposedException",
        "OperationCanceledException", "NotSupportedException", "KeyNotFoundException",
    ];

    public static IEnumerable<string> EndsTheProcess(SourceFile file) => file.Syntax.DescendantNodes()
        .OfType<MemberAccessExpressionSyntax>()
        .Where(m => Ends.Any(e => m.ToString() == e || m.ToString().EndsWith("." + e, StringComparison.Ordinal)))
        .Select(m => $"{file.At(m)} {m}: throw a typed exception, and let the program decide");

    /// <summary>Exceptions made in a file that are neither FedJob's nor of misuse, nor caught within the package.</summary>
    public static IEnumerable<string> Untyped(SourceFile file, IReadOnlyCollection<string> own, IReadOnlyCollection<string> caughtWithin) =>
        file.Syntax.DescendantNodes().OfType<ObjectCreationExpressionSyntax>()
            .Select(c => (Place: c, Name: c.Type.ToString().Split('.')[^1]))
            .Where(c => c.Name.EndsWith("Exception", StringComparison.Ordinal))
            .Where(c => !own.Contains(c.Name) && !Misuse.Contains(c.Name) && !caughtWithin.Contains($"{file.Name}:{c.Name}"))
            .Select(c => $"{file.At(c.Place)} makes {c.Name}: derive it from FedJobException, with a code");

    /// <summary>Public exception types of a file that do not say that they are FedJob's.</summary>
    public static IEnumerable<string> OutsideTheHierarchy(SourceFile file) => file.Syntax.DescendantNodes().OfType<ClassDeclarationSyntax>()
        .Where(c => c.Modifiers.Any(m => m.IsKind(SyntaxKind.PublicKeyword)))
        .Where(c => c.Identifier.ValueText.EndsWith("Exception", StringComparison.Ordinal))
        .Where(c => c.Identifier.ValueText != "FedJobException" && c.BaseList?.Types.FirstOrDefault()?.Type.ToString() != "FedJobException")
        .Select(c => $"{file.At(c.Identifier)} {c.Identifier.ValueText} does not derive from FedJobException");
}
