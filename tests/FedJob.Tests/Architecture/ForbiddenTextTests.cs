namespace FedJob.Tests.Architecture;

public sealed class ForbiddenTextTests
{
    private static readonly string[] Folders = [".ci", "src", "tests", "samples", "benchmarks", "docs"];

    private static readonly string[] Patterns = ["*.cs", "*.csproj", "*.props", "*.targets", "*.txt", "*.md", "run", "accept-api"];

    [Fact]
    public void TextFiles_All_NameNoMachine() => Rule.Holds(
        Patterns.SelectMany(p => RepositoryTree.Files(p, Folders))
            .Concat(Directory.EnumerateFiles(RepositoryTree.Root).Where(f => Path.GetFileName(f) != ".git").Select(RepositoryTree.Read))
            .SelectMany(ForbiddenText.MachinePaths));

    [Fact]
    public void Sources_All_AreFinished() => Rule.Holds(RepositoryTree.CSharpFiles.SelectMany(ForbiddenText.UnfinishedWork));

    [Fact]
    public void Tests_All_WaitForSignals() => Rule.Holds(RepositoryTree.SourcesUnder("tests").SelectMany(ForbiddenText.Sleeps));

    [Theory]
    [InlineData("tmp")]
    [InlineData("work")]
    public void MachinePaths_InAString_IsFound(string folder) =>
        Rule.Finds("A.cs:2", ForbiddenText.MachinePaths(new SourceFile("src/A.cs", $"class A {{\nstring p = \"/{folder}/x\"; }}")));

    [Fact]
    public void MachinePaths_PartOfAUrlOrVariable_IsFine() =>
        Assert.Empty(ForbiddenText.MachinePaths(new SourceFile("src/A.cs", "var p = $\"{host}/home/index\"; // ./tmp/x, http://host/work/1")));

    [Theory]
    [InlineData("class A { } // TO" + "DO later")]
    [InlineData("class A { int B => throw new NotImplementedException(); }")]
    public void UnfinishedWork_PromiseOrStub_IsFound(string text) =>
        Rule.Finds("src/A.cs:1", ForbiddenText.UnfinishedWork(new SourceFile("src/A.cs", text)));

    [Theory]
    [InlineData("await Task.Delay(50);")]
    [InlineData("Thread.Sleep(TimeSpan.FromSeconds(1));")]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), token);")]
    public void Sleeps_WaitForATime_IsFound(string statement) => Rule.Finds("T.cs:1 sleeps", ForbiddenText.Sleeps(new SourceFile("tests/T.cs", statement)));

    [Fact]
    public void Sleeps_UntilCancelled_IsFine() =>
        Assert.Empty(ForbiddenText.Sleeps(new SourceFile("tests/T.cs", "await Task.Delay(Timeout.InfiniteTimeSpan, token);")));
}
