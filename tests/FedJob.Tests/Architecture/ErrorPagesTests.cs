using FedJob.Abstractions;

namespace FedJob.Tests.Architecture;

public sealed class ErrorPagesTests
{
    private const string GoodPage = "# RoundFailed\n\n## Meaning\n\nx\n\n## Causes\n\nx\n\n## What to do\n\nx\n";

    [Fact]
    public void Codes_All_HaveTheirPageAndEveryPageItsCode() =>
        Rule.Holds(ErrorPages.Violations(Enum.GetNames<FedJobErrorCode>(), RepositoryTree.Files("*.md", "docs/errors")));

    [Fact]
    public void Codes_All_AreMentionedInATest() => Rule.Holds(ErrorPages.Untested(Enum.GetNames<FedJobErrorCode>(), RepositoryTree.SourcesUnder("tests")));

    [Fact]
    public void PageOf_Words_AreJoinedByHyphens() => Assert.Equal("docs/errors/no-node-answered.md", ErrorPages.PageOf("NoNodeAnswered"));

    [Fact]
    public void Violations_NoPage_IsFound() => Rule.Finds("RoundFailed has no page", ErrorPages.Violations(["RoundFailed"], []));

    [Fact]
    public void Violations_PageWithoutCode_IsFound() =>
        Rule.Finds("old-name.md belongs to no error code", ErrorPages.Violations([], [new SourceFile("docs/errors/old-name.md", GoodPage)]));

    [Fact]
    public void Violations_PageWithoutASection_IsFound() => Rule.Finds("## Causes", ErrorPages.Violations(
        ["RoundFailed"], [new SourceFile("docs/errors/round-failed.md", GoodPage.Replace("## Causes\n", string.Empty, StringComparison.Ordinal))]));

    [Fact]
    public void Violations_PageNotInTheTable_IsFound() => Rule.Finds("does not link", ErrorPages.Violations(
        ["RoundFailed"], [new SourceFile("docs/errors/round-failed.md", GoodPage), new SourceFile("docs/errors/README.md", "| nothing |")]));

    [Fact]
    public void Untested_CodeInACommentOnly_IsFound() => Rule.Finds("FedJobErrorCode.RoundFailed", ErrorPages.Untested(
        ["RoundFailed", "DigestMismatch"],
        [new SourceFile("tests/T.cs", "// FedJobErrorCode.RoundFailed\nvar code = FedJobErrorCode.DigestMismatch;")]));
}
