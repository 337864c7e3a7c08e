using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.Tests.Protocol.TrainingPlans;

/// <summary>What is bundled when the SDK's <c>.deps.json</c> lies beside the plan.</summary>
public sealed class PlanBundleDependencyListTests : IDisposable
{
    private const string DepSource = "namespace Dep; public static class Name { public static string Value => \"from-dep\"; }";
    private const string DepLibrary = """, "Dep/2.0.0": { "runtime": { "lib/net10.0/Dep.dll": { "assemblyVersion": "2.0.0.0" } } }""";

    private readonly PlanFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FromAssemblyAsync_OrdinaryClassLibrary_BundlesWhatIsListedWithoutTheContract()
    {
        CompileWithDep();
        _folder.CopyContract();
        await WriteListAsync(DepLibrary);

        PlanBundle bundle = await _folder.BundleAsync();

        Assert.Equal(["Dep.dll", _folder.PlanName + ".deps.json", _folder.PlanName + ".dll", "fedjob-plan.json"], bundle.FileNames);
    }

    [Fact]
    public async Task FromAssemblyAsync_ListedFileNotCopied_NamesItAndTheSetting()
    {
        CompileWithDep();
        File.Delete(_folder["Dep.dll"]);
        await WriteListAsync(DepLibrary);

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Contains("'Dep.dll'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Dep/2.0.0", exception.Message, StringComparison.Ordinal);
        Assert.Contains("CopyLocalLockFileAssemblies", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FromAssemblyAsync_ReferenceThatTheListLacks_NamesIt()
    {
        CompileWithDep();
        await WriteListAsync(string.Empty);

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Contains("'Dep.dll'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FromAssemblyAsync_AssemblyPerPlatform_TravelsUnderItsPlatformIfItIsThere()
    {
        CompileWithDep();
        Directory.CreateDirectory(_folder["runtimes/unix/lib/net10.0"]);
        File.Copy(_folder["Dep.dll"], _folder["runtimes/unix/lib/net10.0/Dep.dll"]);
        await WriteListAsync("""
            , "Dep/2.0.0": {
                "runtime": { "lib/net10.0/Dep.dll": {} },
                "runtimeTargets": {
                  "runtimes/unix/lib/net10.0/Dep.dll": { "rid": "unix", "assetType": "runtime" },
                  "runtimes/win/lib/net10.0/Dep.dll": { "rid": "win", "assetType": "runtime" }
                }
              }
            """);

        PlanBundle bundle = await _folder.BundleAsync();

        Assert.Equal(
            ["Dep.dll", _folder.PlanName + ".deps.json", _folder.PlanName + ".dll", "fedjob-plan.json", "runtimes/unix/Dep.dll"],
            bundle.FileNames);
    }

    [Theory]
    [InlineData("\"native\": { \"libfast.so\": {} }", "libfast.so")]
    [InlineData("\"runtimeTargets\": { \"runtimes/win/native/fast.dll\": { \"rid\": \"win\", \"assetType\": \"native\" } }", "fast.dll")]
    public async Task FromAssemblyAsync_NativeLibraryListed_IsRefused(string assets, string file)
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        await WriteListAsync(", \"Fast/1.0.0\": { " + assets + " }");

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Contains(file, exception.Message, StringComparison.Ordinal);
        Assert.Contains("Fast/1.0.0", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FromAssemblyAsync_PlanInsideAProgramThatUsesFedJob_LeavesFedJobAndWhatOnlyItNeedsBehind()
    {
        CompileWithDep();
        await WriteListAsync(DepLibrary + """
            , "FedJob/1.0.0": { "dependencies": { "Database": "1.0.0", "Dep": "2.0.0" }, "runtime": { "FedJob.dll": {} } }
            , "Database/1.0.0": { "runtime": { "lib/net10.0/Database.dll": {} }, "native": { "database.so": {} } }
            """);

        PlanBundle bundle = await _folder.BundleAsync();

        Assert.Equal(["Dep.dll", _folder.PlanName + ".deps.json", _folder.PlanName + ".dll", "fedjob-plan.json"], bundle.FileNames);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"runtimeTarget\":{\"name\":5},\"targets\":{}}")]
    [InlineData("{\"runtimeTarget\":{\"name\":\"t\"},\"targets\":{\"t\":{\"A/1\":{\"runtime\":7}}}}")]
    public async Task FromAssemblyAsync_ListDamaged_IsRefused(string content)
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        await File.WriteAllTextAsync(_folder[_folder.PlanName + ".deps.json"], content, TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Contains(".deps.json", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FromTypeAsync_TypeOfThisTestProgram_IsBundledWithoutFedJobAndLoaded()
    {
        PlanBundle bundle = await PlanBundle.FromTypeAsync(typeof(InlinePlan), TestContext.Current.CancellationToken);

        Assert.Contains("FedJob.Tests.deps.json", bundle.FileNames);
        Assert.Contains("Moq.dll", bundle.FileNames);
        Assert.DoesNotContain(bundle.FileNames, name => name.StartsWith("FedJob.", StringComparison.Ordinal) && name != "FedJob.Tests.dll"
            && name != "FedJob.Tests.deps.json");
        using LoadedPlan loaded = LoadedPlan.Load(bundle, typeof(InlinePlan).FullName!);
        Assert.NotEqual(typeof(InlinePlan), loaded.CreateInstance().GetType());
    }

    private void CompileWithDep()
    {
        _folder.CompileLibrary("Dep", DepSource);
        _folder.CompilePlan(PlanFolder.PlanSource("Dep.Name.Value"), "Dep");
    }

    /// <summary>What SDK 10 writes for a class library, with further libraries.</summary>
    private Task WriteListAsync(string furtherLibraries) => File.WriteAllTextAsync(
        _folder[_folder.PlanName + ".deps.json"],
        $$"""
        {
          "runtimeTarget": { "name": ".NETCoreApp,Version=v10.0", "signature": "" },
          "compilationOptions": {},
          "targets": {
            ".NETCoreApp,Version=v10.0": {
              "{{_folder.PlanName}}/1.0.0": {
                "dependencies": { "FedJob.Abstractions": "1.0.0", "Dep": "2.0.0" },
                "runtime": { "{{_folder.PlanName}}.dll": {} }
              },
              "FedJob.Abstractions/1.0.0": {
                "dependencies": { "Microsoft.Extensions.Logging.Abstractions": "10.0.13" },
                "runtime": { "FedJob.Abstractions.dll": {} }
              },
              "Microsoft.Extensions.Logging.Abstractions/10.0.13": {
                "dependencies": { "Microsoft.Extensions.DependencyInjection.Abstractions": "10.0.13" },
                "runtime": { "lib/net10.0/Microsoft.Extensions.Logging.Abstractions.dll": {} }
              },
              "Microsoft.Extensions.DependencyInjection.Abstractions/10.0.13": {
                "runtime": { "lib/net10.0/Microsoft.Extensions.DependencyInjection.Abstractions.dll": {} }
              }{{furtherLibraries}}
            }
          },
          "libraries": {}
        }
        """,
        TestContext.Current.CancellationToken);
}
