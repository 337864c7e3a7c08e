namespace FedJob.Tests.Architecture;

public sealed class SourceShapeTests
{
    [Fact]
    public void Files_All_AreShort() => Rule.Holds(RepositoryTree.CSharpFiles.SelectMany(SourceShape.TooLong));

    [Fact]
    public void Folders_All_NameATopic() => Rule.Holds(RepositoryTree.CSharpFiles.SelectMany(SourceShape.Drawer));

    [Fact]
    public void Files_All_HoldOnePublicTypeAndItsName() => Rule.Holds(RepositoryTree.CSharpFiles.SelectMany(SourceShape.PublicTypes));

    [Fact]
    public void Namespaces_All_AreTheirFolders()
    {
        ProjectFile[] projects = [.. RepositoryTree.Files("*.csproj", "src", "tests", "samples", "benchmarks").Select(ProjectFile.Parse)];

        Rule.Holds(RepositoryTree.CSharpFiles.SelectMany(file => SourceShape.Namespace(file, Nearest(file))));

        ProjectFile Nearest(SourceFile file) =>
            projects.Where(p => (file.Folder + "/").StartsWith(p.Folder + "/", StringComparison.Ordinal)).MaxBy(p => p.Folder.Length)!;
    }

    [Fact]
    public void TooLong_OneLineMoreThanAllowed_IsFound()
    {
        Assert.Empty(SourceShape.TooLong(Sample(string.Concat(Enumerable.Repeat("\n", SourceShape.MaximumLines - 1)) + "// end\n")));
        Rule.Finds("301 lines", SourceShape.TooLong(Sample(string.Concat(Enumerable.Repeat("\n", SourceShape.MaximumLines)) + "// end\n")));
    }

    [Fact]
    public void Drawer_UtilsFolder_IsFound() => Rule.Finds("utils", SourceShape.Drawer(new SourceFile("src/FedJob/utils/Text.cs", string.Empty)));

    [Theory]
    [InlineData("public class Round { public class Inner { } } public enum Kind { A }", "Round, Kind")]
    [InlineData("public delegate void Handler(); internal class Round { }", "Handler")]
    public void PublicTypes_TwoOrOtherName_IsFound(string members, string expected) =>
        Rule.Finds(expected, SourceShape.PublicTypes(Sample($"namespace FedJob.Rounds; {members}")));

    [Theory]
    [InlineData("public class Round { } internal class Part { }")]
    [InlineData("public record Round<T>; public partial record Round;")]
    public void PublicTypes_OneOfTheFilesName_IsFine(string members) =>
        Assert.Empty(SourceShape.PublicTypes(Sample($"namespace FedJob.Rounds; {members}")));

    [Theory]
    [InlineData("namespace FedJob.Jobs; class Round { }", "FedJob.Jobs")]
    [InlineData("class Round { }", "(none)")]
    [InlineData("namespace Microsoft.Extensions.DependencyInjection; class Round { }", "Microsoft.Extensions.DependencyInjection")]
    public void Namespace_NotTheFolder_IsFound(string text, string expected) =>
        Rule.Finds(expected, SourceShape.Namespace(Sample(text), new ProjectFile("FedJob", "src/FedJob", "FedJob", [], [], [])));

    private static SourceFile Sample(string text) => new("src/FedJob/Rounds/Round.cs", text);
}
