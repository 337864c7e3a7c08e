using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using BenchmarkJob = BenchmarkDotNet.Jobs.Job;

namespace FedJob.Benchmarks.Micro;

/// <summary>How the benchmarks are run.</summary>
internal static class Settings
{
    /// <summary>Below the outputs of the build, wherever the program is started from.</summary>
    private static string Artifacts => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../benchmarks/micro"));

    /// <summary>
    /// All measurements are taken in this process: it is already built as the repository builds everything, whereas a generated project
    /// would have to be fitted to the repository's outputs and package versions.
    /// </summary>
    public static IConfig Measured() => ManualConfig.Create(DefaultConfig.Instance)
        .AddJob(BenchmarkJob.Default.WithToolchain(InProcessEmitToolchain.Instance).AsMutator())
        .AddDiagnoser(MemoryDiagnoser.Default)
        .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(30))
        .WithArtifactsPath(Artifacts);

    /// <summary>Every benchmark once, without large models: whether it works, not how long it takes.</summary>
    public static IConfig Smoke(ILogger log) => ManualConfig.CreateEmpty()
        .AddJob(BenchmarkJob.Dry.WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddFilter(new SimpleFilter(IsQuick))
        .AddLogger(log)
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddValidator([.. DefaultConfig.Instance.GetValidators()])
        .WithArtifactsPath(Artifacts);

    private static bool IsQuick(BenchmarkCase benchmark) => !benchmark.Parameters.Items.Any(p => p.Value is ModelCase { IsLarge: true });
}
