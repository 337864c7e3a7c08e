namespace FedJob.ConsumerTests;

/// <summary>What a user does: an empty project, one package reference, one round.</summary>
[Collection(nameof(PackageCollection))]
[Trait("kind", "package")]
public sealed class ConsumerProjectTests(PackedPackages packages)
{
    [Fact]
    public async Task Round_ProjectWithPackagesOnly_RunsAndPrintsTheWeightedMean()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string app = Path.Combine(packages.Workspace, "App");

        await ChildProcess.DotnetAsync(
            app, ["build", "-c", "Release", $"-p:FedJobVersion={packages.Version}"], packages.ConsumerEnvironment, cancellationToken);
        string printed = await ChildProcess.DotnetAsync(
            app, [Path.Combine("bin", "Release", "net10.0", "App.dll")], packages.ConsumerEnvironment, cancellationToken);

        Assert.Equal("round 0 Completed with 2 nodes: the mean is 3.25", printed.Trim());
    }
}
