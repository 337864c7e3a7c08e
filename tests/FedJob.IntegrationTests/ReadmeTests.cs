using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FedJob.IntegrationTests;

/// <summary>What the README shows compiles.</summary>
public sealed class ReadmeTests
{
    private const string Usings = """
        using System; using System.Collections.Generic; using System.Threading.Tasks;
        using FedJob; using FedJob.Aggregation; using FedJob.Node.Datasets; using FedJob.Nodes; using FedJob.Rounds; using FedJob.Testing; using FedJob.TrainingPlans;
        """;

    [Fact]
    public void Readme_Example_CompilesAndHasTwelveStatementLines()
    {
        string example = Example(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md")));

        Assert.Empty(Errors(example));
        Assert.InRange(example.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 12);
    }

    [Fact]
    public void Readme_ExampleWithAMistake_DoesNotCompile()
    {
        string example = Example(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md")));

        Assert.NotEmpty(Errors(example.Replace("SearchAsync", "SeekAsync", StringComparison.Ordinal)));
    }

    private static string Example(string readme)
    {
        int start = readme.IndexOf("```csharp", StringComparison.Ordinal) + "```csharp".Length;
        return readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)];
    }

    private static IEnumerable<Diagnostic> Errors(string program)
    {
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator).Where(File.Exists).Select(path => MetadataReference.CreateFromFile(path));
        return CSharpCompilation.Create(
                "Readme", [CSharpSyntaxTree.ParseText(Usings + program)], references, new CSharpCompilationOptions(OutputKind.ConsoleApplication))
            .GetDiagnostics(TestContext.Current.CancellationToken).Where(d => d.Severity == DiagnosticSeverity.Error);
    }
}
