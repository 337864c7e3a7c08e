namespace FedJob.Tests.Architecture;

/// <summary>How a rule's outcome is asserted: every violation is shown, not only the first.</summary>
internal static class Rule
{
    public static void Holds(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, $"{found.Length} violation(s):{Environment.NewLine}{string.Join(Environment.NewLine, found)}");
    }

    /// <summary>A rule that cannot fail proves nothing: a bad sample must be found, and named.</summary>
    public static void Finds(string expected, IEnumerable<string> violations) =>
        Assert.Contains(expected, Assert.Single(violations), StringComparison.Ordinal);
}
