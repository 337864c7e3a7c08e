using System.Globalization;

namespace FedJob.ConsumerTests;

/// <summary>The packages as <c>dotnet pack</c> makes them of what was built with these tests, in a temporary folder feed.</summary>
public sealed class PackedPackages : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fedjob-consumer-");

    /// <summary>The root of the checkout.</summary>
    public string Root { get; } = FindRoot();

    /// <summary>Where a consumer's projects may be put.</summary>
    public string Workspace => Path.Combine(_directory.FullName, "workspace");

    /// <summary>The folder with the packages.</summary>
    public string Feed => Path.Combine(_directory.FullName, "feed");

    /// <summary>A version nobody has ever restored.</summary>
    public string Version { get; } = $"0.0.0-consumer.{DateTime.UtcNow.Ticks.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The environment of a consumer: restored packages go into a folder of its own, and those of this machine are looked at first.</summary>
    public Dictionary<string, string> ConsumerEnvironment => new() { ["NUGET_PACKAGES"] = Path.Combine(_directory.FullName, "packages") };

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Name == "debug" ? "Debug" : "Release";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await ChildProcess.DotnetAsync(
            Root,
            ["pack", "FedJob.sln", "--no-build", "-c", Configuration, "-o", Feed, "-v", "minimal", $"-p:MinVerVersionOverride={Version}"],
            new Dictionary<string, string>(),
            cancellationToken);
        Copy(Path.Combine(AppContext.BaseDirectory, "Consumer"), Workspace);
        string printed = await ChildProcess.DotnetAsync(
            Root, ["nuget", "locals", "global-packages", "--list"], new Dictionary<string, string>(), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Workspace, "nuget.config"), FeedConfiguration(printed.Split(": ", 2)[^1].Trim()), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private string FeedConfiguration(string machinePackages) => $"""
        <configuration>
          <packageSources>
            <add key="fedjob" value="{Feed}" />
          </packageSources>
          <fallbackPackageFolders>
            <add key="machine" value="{machinePackages}" />
          </fallbackPackageFolders>
        </configuration>
        """;

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string folder in Directory.EnumerateDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FedJob.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds FedJob.sln.");
    }
}
