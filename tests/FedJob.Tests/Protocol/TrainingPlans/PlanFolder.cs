using System.Collections.Immutable;
using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.Extensions.Logging;

namespace FedJob.Tests.Protocol.TrainingPlans;

/// <summary>A temporary folder with real compiled assemblies.</summary>
internal sealed class PlanFolder : IDisposable
{
    private static readonly string FrameworkFolder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    private static readonly ImmutableArray<MetadataReference> Framework =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(file => Path.GetDirectoryName(file) == FrameworkFolder)
            .Select(file => MetadataReference.CreateFromFile(file)),
    ];

    private static readonly MetadataReference Contract = MetadataReference.CreateFromFile(typeof(ITrainingPlan).Assembly.Location);
    private static readonly MetadataReference Logging = MetadataReference.CreateFromFile(typeof(ILogger).Assembly.Location);

    public string Folder { get; } = Directory.CreateTempSubdirectory("fedjob-plan-").FullName;

    /// <summary>A name no other test uses, so that load contexts can be told apart.</summary>
    public string PlanName { get; } = "Plan" + Guid.NewGuid().ToString("N")[..8];

    public string PlanPath => this[PlanName + ".dll"];

    public string this[string file] => Path.Combine(Folder, file);

    /// <summary>The source of a plan that names its only parameter by an expression.</summary>
    public static string PlanSource(
        string nameExpression = "\"w\"", string head = "public sealed class Plan : ITrainingPlan", string members = "") => $$"""
        using System;
        using System.Threading;
        using System.Threading.Tasks;
        using FedJob.Abstractions;

        namespace Plans;

        {{head}}
        {
            {{members}}
            public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken) => default;
            public ModelParameters GetParameters() => new() { [{{nameExpression}}] = ParameterTensor.FromArray(new float[] { 1 }) };
            public void SetParameters(ModelParameters parameters) { }
            public ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken) =>
                new(new TrainingResult { SampleCount = 1 });
            public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) =>
                throw new NotSupportedException();
        }
        """;

    /// <summary>Compiles the plan of this folder against the contract and other assemblies of the folder.</summary>
    public void CompilePlan(string source, params string[] references) => Compile(PlanName, source, references, contract: true);

    /// <summary>Compiles a library into the folder.</summary>
    /// <returns>The path of the library.</returns>
    public string CompileLibrary(string name, string source, params string[] references) =>
        Compile(name, source, references, contract: false);

    public Task<PlanBundle> BundleAsync() => PlanBundle.FromAssemblyAsync(PlanPath, TestContext.Current.CancellationToken);

    /// <summary>Compiles the plan, bundles it, and loads its type <c>Plans.Plan</c>.</summary>
    public async Task<LoadedPlan> LoadAsync(string source, string typeName = "Plans.Plan")
    {
        CompilePlan(source);
        return LoadedPlan.Load(await BundleAsync(), typeName);
    }

    /// <summary>Copies the contract assembly and what its surface is made of into the folder, as an SDK build does.</summary>
    public void CopyContract()
    {
        foreach (Type type in new[] { typeof(ITrainingPlan), typeof(ILogger) })
        {
            File.Copy(type.Assembly.Location, this[Path.GetFileName(type.Assembly.Location)], overwrite: true);
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private string Compile(string name, string source, string[] references, bool contract)
    {
        string path = this[name + ".dll"];
        var compilation = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(source, cancellationToken: TestContext.Current.CancellationToken)],
            [
                .. Framework,
                .. contract ? [Contract, Logging] : Array.Empty<MetadataReference>(),
                .. references.Select(file => MetadataReference.CreateFromFile(Path.IsPathRooted(file) ? file : this[file + ".dll"])),
            ],
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, deterministic: true, optimizationLevel: OptimizationLevel.Release));
        var result = compilation.Emit(path, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.Success, string.Join(Environment.NewLine, result.Diagnostics));
        return path;
    }
}
