namespace FedJob.Tests.Architecture;

/// <summary>Every known mistake of the Python researcher, and every bad input of the issues, has a test that carries its number.</summary>
public sealed class SeedCoverageTests
{
    private static readonly int[] Inputs = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15];

    [Fact]
    public void Mistakes_Each_HasATest() =>
        Rule.Holds(NumberedTraits.Missing("seed", Enumerable.Range(1, 34), RepositoryTree.SourcesUnder("tests")));

    [Fact]
    public void Inputs_Each_HasATest() => Rule.Holds(NumberedTraits.Missing("input", Inputs, RepositoryTree.SourcesUnder("tests")));

    [Theory]
    [InlineData("class T { [Fact] [Trait(\"seed\", \"7\")] void M() { } }")]
    [InlineData("class T { [Theory, Trait(\"seed\", \"7\")] void M() { } }")]
    [InlineData("[Trait(\"seed\", \"7\")] class T { [Fact] void M() { } }")]
    public void Missing_OnATest_IsNotMissed(string source) =>
        Assert.Empty(NumberedTraits.Missing("seed", [7], [new SourceFile("tests/T.cs", source)]));

    [Theory]
    [InlineData("class T { [Trait(\"seed\", \"7\")] void NoTest() { } }")]
    [InlineData("class T { [Fact] [Trait(\"input\", \"7\")] void M() { } }")]
    [InlineData("class T { [Fact] [Trait(\"seed\", \"17\")] void M() { } }")]
    [InlineData("class T { [Fact] void M() { } } // [Trait(\"seed\", \"7\")]")]
    public void Missing_NoTestOfTheNumber_IsFound(string source) =>
        Rule.Finds("\"7\"", NumberedTraits.Missing("seed", [7], [new SourceFile("tests/T.cs", source)]));
}
