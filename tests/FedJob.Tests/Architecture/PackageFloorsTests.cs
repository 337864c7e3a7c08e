namespace FedJob.Tests.Architecture;

public sealed class PackageFloorsTests
{
    public static TheoryData<string> Packages => [.. PackageFloors.Table.Keys];

    [Fact]
    public void ProjectFiles_AllOfSrc_ReferOnlyDownTheTable() =>
        Rule.Holds(RepositoryTree.Files("*.csproj", "src").Select(ProjectFile.Parse).SelectMany(PackageFloors.Upward));

    [Fact]
    public void ProjectFiles_AllOfTheTable_Exist() =>
        Assert.Equal(PackageFloors.Table.Keys.Order(), RepositoryTree.Files("*.csproj", "src").Select(f => f.Name).Order());

    [Theory]
    [MemberData(nameof(Packages))]
    public void Assemblies_EachPackage_LeanOnlyOnLowerOnes(string package) =>
        Rule.Holds(PackageFloors.UpwardAssemblies(package, PackageFloors.ReferencesOf(RepositoryTree.BuiltAssembly(package))));

    [Fact]
    public void Abstractions_BuiltAssembly_NeedsFrameworkAndLoggingOnly() =>
        Rule.Holds(PackageFloors.BeyondFramework(
            "FedJob.Abstractions", PackageFloors.ReferencesOf(RepositoryTree.BuiltAssembly("FedJob.Abstractions"))));

    [Fact]
    public void Sources_AllOfSrc_NameTheMqttLibraryOnlyInTheLinkAndTheBroker() =>
        Rule.Holds(RepositoryTree.SourcesUnder("src").SelectMany(PackageFloors.NamesMqttLibrary));

    [Theory]
    [InlineData("FedJob.Protocol", """<ProjectReference Include="..\FedJob.Node\FedJob.Node.csproj" />""", "references FedJob.Node")]
    [InlineData("FedJob.Abstractions", """<PackageReference Include="MQTTnet" />""", "references MQTTnet")]
    [InlineData("FedJob.Node", """<FrameworkReference Include="Microsoft.AspNetCore.App" />""", "references Microsoft.AspNetCore.App")]
    [InlineData("FedJob.Extra", "", "has no floor")]
    public void Upward_BadProject_IsFound(string name, string item, string expected) =>
        Rule.Finds(expected, PackageFloors.Upward(ProjectFile.Parse(
            new SourceFile($"src/{name}/{name}.csproj", $"<Project><ItemGroup>{item}</ItemGroup></Project>"))));

    [Fact]
    public void UpwardAssemblies_LowPackageOnHighOne_IsFound() =>
        Rule.Finds("FedJob.Protocol.dll references FedJob", PackageFloors.UpwardAssemblies("FedJob.Protocol", ["System.Runtime", "FedJob.Abstractions", "FedJob"]));

    [Fact]
    public void BeyondFramework_MqttLibrary_IsFound() =>
        Rule.Finds("MQTTnet", PackageFloors.BeyondFramework("FedJob.Abstractions", ["System.Runtime", "MQTTnet"]));

    [Fact]
    public void NamesMqttLibrary_UsingInARound_IsFound() =>
        Rule.Finds("RoundRunner.cs:1", PackageFloors.NamesMqttLibrary(new SourceFile("src/FedJob/Rounds/RoundRunner.cs", "using MQTTnet;\n// MQTTnet in a comment is no use")));
}
