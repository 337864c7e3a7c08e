namespace FedJob.Tests.Architecture;

public sealed class RepositoryTreeTests
{
    [Fact]
    public void FindRoot_OutsideACheckout_Throws() =>
        Assert.Throws<DirectoryNotFoundException>(() => RepositoryTree.FindRoot(Path.GetTempPath()));

    [Fact]
    public void CSharpFiles_ThisCheckout_HoldsSourcesAndNothingGenerated()
    {
        Assert.Contains(RepositoryTree.CSharpFiles, f => f.Path == "src/FedJob/Job.cs");
        Assert.Contains(RepositoryTree.CSharpFiles, f => f.Path == "tests/FedJob.Tests/Architecture/RepositoryTreeTests.cs");
        Assert.DoesNotContain(RepositoryTree.CSharpFiles, f => f.Path.Contains("/obj/", StringComparison.Ordinal));
    }
}
