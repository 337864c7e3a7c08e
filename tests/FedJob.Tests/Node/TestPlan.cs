using FedJob.Protocol.TrainingPlans;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FedJob.Tests.Node;

/// <summary>A real training plan, compiled to an assembly of its own, that does what its model arguments say.</summary>
internal static class TestPlan
{
    public const string TypeName = "NodeTestPlan.Plan";

    private const string Source = """
        using System;
        using System.Collections.Generic;
        using System.IO;
        using System.Linq;
        using System.Text.Json.Nodes;
        using System.Threading;
        using System.Threading.Tasks;
        using FedJob.Abstractions;
        using Microsoft.Extensions.Logging;

        namespace NodeTestPlan
        {
            public sealed class OwnException : Exception
            {
                public OwnException(string message) : base(message) { }
            }

            public sealed class Plan : ITrainingPlan, IDisposable
            {
                private static readonly List<object> Forever = new();
                private JsonObject _args;
                private float[] _weights;
                private byte _rounds;

                public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken)
                {
                    _args = context.ModelArgs;
                    _weights = new float[] { context.Seed, 0 };
                    Trip("init");
                    context.Logger.LogInformation("seed {Seed}", context.Seed);
                    return ValueTask.CompletedTask;
                }

                public ModelParameters GetParameters() => Is("rename", "yes")
                    ? new ModelParameters { ["other"] = ParameterTensor.FromArray((float[])_weights.Clone()) }
                    : new ModelParameters { ["w"] = ParameterTensor.FromArray((float[])_weights.Clone()) };

                public void SetParameters(ModelParameters parameters)
                {
                    Trip("set");
                    _weights = parameters["w"].AsSpan<float>().ToArray();
                }

                public async ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
                {
                    Trip("train");
                    if (Is("hold", "static")) { Forever.Add(this); AppDomain.CurrentDomain.ProcessExit += Exit; }
                    for (int index = 1; index <= (_args["reports"] is { } reports ? (int)reports : 0); index++)
                    {
                        context.Progress.Report(new MetricReport
                        {
                            Metrics = new Dictionary<string, double> { ["Loss"] = Is("nan", "yes") ? double.NaN : 1.0 / index },
                            Epoch = 1,
                            Iteration = index,
                            TotalSamples = context.Samples.Count,
                            BatchSamples = 1,
                            BatchCount = (int)_args["reports"],
                            SamplesTrained = index,
                        });
                    }

                    if (_args["log"] is { } line) { context.Logger.LogWarning("{Line}", (string)line); }
                    if (_args["gate"] is { } gate)
                    {
                        ((TaskCompletionSource)AppContext.GetData(gate + ".entered")).TrySetResult();
                        Task opened = ((TaskCompletionSource)AppContext.GetData(gate + ".opened")).Task;
                        await (Is("deaf", "yes") ? opened : opened.WaitAsync(cancellationToken));
                    }

                    if (Is("spin", "yes")) { while (true) { cancellationToken.ThrowIfCancellationRequested(); } }

                    if (Is("aggregator", "apply"))
                    {
                        float[] shift = context.AggregatorTensors["shift"]["w"].AsSpan<float>().ToArray();
                        float offset = (float)(double)context.AggregatorArgs["offset"] * context.AggregatorArgs.Count;
                        _weights = new[] { shift[0] + offset, shift[1] + offset };
                        return new TrainingResult { SampleCount = 1, LearningRate = 0.25, UpdateCount = 7 };
                    }

                    _rounds++;
                    _weights[0] += 1;
                    _weights[1] = _rounds;
                    return new TrainingResult { SampleCount = _args["samples"] is { } claimed ? (int)claimed : context.Samples.Count, LearningRate = 0.5 };
                }

                public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken)
                {
                    Trip("evaluate");
                    return ValueTask.FromResult(new EvaluationResult
                    {
                        Metrics = new Dictionary<string, double> { ["ACCURACY"] = _weights[0], ["first"] = context.Samples[0] },
                        SampleCount = context.Samples.Count,
                    });
                }

                public ValueTask SaveStateAsync(Stream destination, CancellationToken cancellationToken)
                {
                    Trip("save");
                    if (!Is("stateless", "yes")) { destination.WriteByte(_rounds); }
                    return ValueTask.CompletedTask;
                }

                public ValueTask RestoreStateAsync(Stream source, CancellationToken cancellationToken)
                {
                    Trip("restore");
                    _rounds = (byte)source.ReadByte();
                    return ValueTask.CompletedTask;
                }

                public void Dispose() => Trip("dispose");

                private void Exit(object sender, EventArgs e) { }

                private bool Is(string name, string value) => (string)_args?[name] == value;

                private void Trip(string where)
                {
                    if (Is("throw", where)) { throw new OwnException("tripped in " + where + " " + (string)_args["say"]); }
                }
            }
        }
        """;

    private static readonly Lazy<Task<PlanBundle>> First = new(() => CompileAsync(Source));
    private static readonly Lazy<Task<PlanBundle>> Changed = new(() =>
        CompileAsync(Source.Replace("LearningRate = 0.5", "LearningRate = 0.25")));

    /// <summary>The plan.</summary>
    public static Task<PlanBundle> GetAsync() => First.Value;

    /// <summary>The same plan with one number changed: other bytes.</summary>
    public static Task<PlanBundle> GetChangedAsync() => Changed.Value;

    private static async Task<PlanBundle> CompileAsync(string source)
    {
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        IEnumerable<MetadataReference> references = trusted.Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is var name && (name.StartsWith("System.", StringComparison.Ordinal)
                || name is "mscorlib.dll" or "netstandard.dll"
                    or "FedJob.Abstractions.dll" or "Microsoft.Extensions.Logging.Abstractions.dll"))
            .Select(p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create(
            "NodeTestPlan",
            [CSharpSyntaxTree.ParseText(source)],
            references,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, deterministic: true));
        using var folder = new TemporaryFolder();
        string path = folder.At("NodeTestPlan.dll");
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(path);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return await PlanBundle.FromAssemblyAsync(path, CancellationToken.None);
    }
}
