namespace FedJob.Tests.Architecture;

public sealed class FolderFloorsTests
{
    public static TheoryData<string> Packages => [.. PackageFloors.Table.Keys];

    [Theory]
    [MemberData(nameof(Packages))]
    public void Folders_EachPackage_FormNoCircle(string package) =>
        Rule.Holds(new FolderGraph($"src/{package}", RepositoryTree.SourcesUnder($"src/{package}")).Circles());

    [Fact]
    public void Uses_RoundsAndMessagingOfFedJob_AreSeen()
    {
        var graph = new FolderGraph("src/FedJob", RepositoryTree.SourcesUnder("src/FedJob"));

        Assert.True(graph.Uses("Rounds", "Messaging"));
        Assert.True(graph.Uses("DependencyInjection", "(root)"));
        Assert.False(graph.Uses("Messaging", "Rounds"));
    }

    [Fact]
    public void Circles_TwoFoldersUsingEachOther_AreFound()
    {
        SourceFile[] sources =
        [
            new("src/P/Rounds/Round.cs", "namespace P.Rounds; public class Round { public void Run(P.Nodes.Node node) { } }"),
            new("src/P/Nodes/Node.cs", "using P.Rounds; namespace P.Nodes; public class Node { private readonly Round? _round; }"),
        ];

        string circle = Assert.Single(new FolderGraph("src/P", sources).Circles());

        Assert.Contains("Nodes -> Rounds (src/P/Nodes/Node.cs:1 Round)", circle, StringComparison.Ordinal);
        Assert.Contains("Rounds -> Nodes (src/P/Rounds/Round.cs:1 Node)", circle, StringComparison.Ordinal);
    }

    [Fact]
    public void Circles_LongWayRoundThroughTheRoot_IsFound()
    {
        SourceFile[] sources =
        [
            new("src/P/Front.cs", "namespace P; public class Front { public Rounds.Round? Round; }"),
            new("src/P/Rounds/Round.cs", "namespace P.Rounds; public class Round { public Nodes.Node? Node; }"),
            new("src/P/Nodes/Node.cs", "namespace P.Nodes; public class Node { public string Name(object o) => ((Front)o).ToString()!; }"),
        ];

        Assert.Contains("Nodes -> (root)", Assert.Single(new FolderGraph("src/P", sources).Circles()), StringComparison.Ordinal);
    }

    [Fact]
    public void Circles_MemberReachedWithoutNamingItsType_IsFound()
    {
        SourceFile[] sources =
        [
            new("src/P/Rounds/Round.cs", "namespace P.Rounds; public class Round { public P.Nodes.Node Node = new(); public void End() { } }"),
            new("src/P/Nodes/Node.cs", "namespace P.Nodes; public class Node { public void Stop<T>(T owner) { var round = Owner.Round; round.End(); } }"),
            new("src/P/Nodes/Owner.cs", "namespace P.Nodes; public static class Owner { public static P.Rounds.Round Round = new(); }"),
        ];

        Assert.Single(new FolderGraph("src/P", sources).Circles());
    }

    [Fact]
    public void Circles_ArrowsDownOnly_AreNone()
    {
        SourceFile[] sources =
        [
            new("src/P/Rounds/Round.cs", "namespace P.Rounds; public class Round { public P.Nodes.Node? Node; }"),
            new("src/P/Nodes/Node.cs", "namespace P.Nodes; /// <summary>Of a <see cref=\"P.Rounds.Round\"/>.</summary>\npublic class Node { }"),
        ];

        Assert.Empty(new FolderGraph("src/P", sources).Circles());
    }
}
