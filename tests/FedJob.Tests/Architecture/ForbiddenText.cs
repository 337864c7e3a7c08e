using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FedJob.Tests.Architecture;

/// <summary>What has no place in a source: a path of one machine, unfinished work, and sleep in a test.</summary>
internal static partial class ForbiddenText
{
    [GeneratedRegex("""(?<![\w.~}\])-])/(?:work|root|tmp)/|[A-Z]:\\Users\\|://api\.nuget\.""", RegexOptions.CultureInvariant)]
    private static partial Regex Machine { get; }

    [GeneratedRegex(@"\b(?:TODO|FIXME|HACK)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Unfinished { get; }

    /// <summary>Paths and hosts that mean something on one machine only, anywhere in a text file.</summary>
    public static IEnumerable<string> MachinePaths(SourceFile file) =>
        Numbered(file).Where(l => Machine.IsMatch(l.Text)).Select(l => $"{file.Path}:{l.Number} names {Machine.Match(l.Text).Value}");

    /// <summary>Comments that promise work, and code that only throws that it does not exist yet.</summary>
    public static IEnumerable<string> UnfinishedWork(SourceFile file) => file.Syntax
        .DescendantTrivia(descendIntoTrivia: false)
        .Where(t => t.ToString() is var text && Unfinished.IsMatch(text))
        .Select(t => $"{file.Path}:{t.GetLocation().GetLineSpan().StartLinePosition.Line + 1} promises: {t.ToString().Trim()}")
        .Concat(file.Syntax.DescendantNodes().OfType<IdentifierNameSyntax>()
            .Where(n => n.Identifier.ValueText == nameof(NotImplementedException) && n.Parent is ObjectCreationExpressionSyntax)
            .Select(n => $"{file.At(n)} throws {n}"));

    /// <summary>Waits for a time. A wait without end that a token ends is a signal, not a sleep.</summary>
    public static IEnumerable<string> Sleeps(SourceFile file) => file.Syntax.DescendantNodes().OfType<InvocationExpressionSyntax>()
        .Where(call => call.Expression.ToString() is "Task.Delay" or "Thread.Sleep")
        .Where(call => call.ArgumentList.Arguments.FirstOrDefault()?.ToString() is not ("Timeout.Infinite" or "Timeout.InfiniteTimeSpan"))
        .Select(call => $"{file.At(call)} sleeps: {call}");

    private static IEnumerable<(int Number, string Text)> Numbered(SourceFile file) => file.Text.Split('\n').Select((text, i) => (i + 1, text));
}
