using System.Runtime.Loader;
using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.Tests.Protocol.TrainingPlans;

public sealed class LoadedPlanTests : IDisposable
{
    private readonly PlanFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task CreateInstance_PlanWithPrivateDependency_RunsAgainstTheHostsContract()
    {
        _folder.CompileLibrary("Dep", "namespace Dep; public static class Name { public static string Value => \"from-dep\"; }");
        _folder.CompilePlan(PlanFolder.PlanSource("Dep.Name.Value"), "Dep");
        using LoadedPlan loaded = LoadedPlan.Load(await _folder.BundleAsync(), "Plans.Plan");

        ITrainingPlan plan = loaded.CreateInstance();

        Assert.Equal("Plans.Plan", loaded.TypeName);
        Assert.Equal(["from-dep"], plan.GetParameters().Names);
        Assert.NotSame(plan, loaded.CreateInstance());
    }

    [Fact]
    public async Task Load_DependencyTheHostHasInAnotherVersion_TakesTheBundlesOwn()
    {
        string name = "Versioned" + _folder.PlanName;
        string source = $$"""
            [assembly: System.Reflection.AssemblyVersion("VERSION.0.0.0")]
            namespace Dep; public static class Name { public static string Value => "version VERSION"; }
            """;
        using var host = new PlanFolder();
        host.CompileLibrary(name, source.Replace("VERSION", "2", StringComparison.Ordinal));
        AssemblyLoadContext.Default.LoadFromAssemblyPath(host[name + ".dll"]);
        _folder.CompileLibrary(name, source.Replace("VERSION", "1", StringComparison.Ordinal));
        _folder.CompilePlan(PlanFolder.PlanSource("Dep.Name.Value"), name);

        using LoadedPlan loaded = LoadedPlan.Load(await _folder.BundleAsync(), "Plans.Plan");

        Assert.Equal(["version 1"], loaded.CreateInstance().GetParameters().Names);
    }

    [Fact]
    public async Task Load_AssemblyPerPlatform_TakesTheOneOfThisPlatform()
    {
        const string Source = "namespace Dep; public static class Name { public static string Value => \"SYSTEM\"; }";
        byte[] Dep(string system) => File.ReadAllBytes(
            _folder.CompileLibrary("Dep", Source.Replace("SYSTEM", system, StringComparison.Ordinal)));
        (string, byte[])[] platforms = [("runtimes/unix/Dep.dll", Dep("unix")), ("runtimes/win/Dep.dll", Dep("win"))];
        Dep("any");
        _folder.CompilePlan(PlanFolder.PlanSource("Dep.Name.Value"), "Dep");
        byte[] zip = RawZip.Zip(RawZip.Unzip((await _folder.BundleAsync()).Bytes).Concat(platforms));

        using LoadedPlan loaded = LoadedPlan.Load(PlanBundle.Read(zip), "Plans.Plan");

        Assert.Equal([OperatingSystem.IsWindows() ? "win" : "unix"], loaded.CreateInstance().GetParameters().Names);
    }

    [Fact, Trait("input", "13")]
    public async Task Load_DependencyTakenOutOfTheBundle_NamesItEvenIfTheHostHasIt()
    {
        string csCheck = typeof(CsCheck.Gen).Assembly.Location;
        File.Copy(csCheck, _folder["CsCheck.dll"]);
        _folder.CompilePlan(PlanFolder.PlanSource("typeof(CsCheck.Gen).Name"), "CsCheck");
        byte[] zip = RawZip.Zip(RawZip.Unzip((await _folder.BundleAsync()).Bytes).Where(f => f.Name != "CsCheck.dll"));

        var exception = Assert.Throws<TrainingPlanException>(() => LoadedPlan.Load(PlanBundle.Read(zip), "Plans.Plan"));

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Contains("'CsCheck'", exception.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("input", "13")]
    public async Task Load_CopyOfTheContractInTheBundle_IsIgnored()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        using var other = new PlanFolder();
        other.CompileLibrary("FedJob.Abstractions", "namespace FedJob.Abstractions; public interface ITrainingPlan;");
        byte[] copy = await File.ReadAllBytesAsync(other["FedJob.Abstractions.dll"], TestContext.Current.CancellationToken);
        byte[] zip = RawZip.Zip([("FedJob.Abstractions.dll", copy), .. RawZip.Unzip((await _folder.BundleAsync()).Bytes)]);

        using LoadedPlan loaded = LoadedPlan.Load(PlanBundle.Read(zip), "Plans.Plan");

        Assert.Equal(["w"], loaded.CreateInstance().GetParameters().Names);
    }

    [Fact, Trait("input", "13")]
    public async Task Load_ContractCompiledIntoThePlan_SaysSo()
    {
        _folder.CompileLibrary(_folder.PlanName, """
            namespace FedJob.Abstractions { public interface ITrainingPlan; }
            namespace Plans { public sealed class Plan : FedJob.Abstractions.ITrainingPlan; }
            """);

        var exception = await AssertTypeRefusedAsync("Plans.Plan");

        Assert.Contains("a copy of FedJob.Abstractions.ITrainingPlan", exception.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("input", "13")]
    public async Task Load_CompiledForALaterContract_IsRefused()
    {
        using var later = new PlanFolder();
        string contract = later.CompileLibrary("FedJob.Abstractions", """
            [assembly: System.Reflection.AssemblyVersion("99.0.0.0")]
            namespace FedJob.Abstractions; public interface ITrainingPlan;
            """);
        _folder.CompileLibrary(
            _folder.PlanName, "namespace Plans; public sealed class Plan : FedJob.Abstractions.ITrainingPlan;", contract);
        PlanBundle bundle = await _folder.BundleAsync();

        var exception = Assert.Throws<TrainingPlanException>(() => LoadedPlan.Load(bundle, "Plans.Plan"));

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Contains("built for FedJob.Abstractions 99.0.0.0, but here is only", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateInstance_PlanThatUsesAnotherLibraryOfFedJob_FailsWhereItDoes()
    {
        string protocol = typeof(PlanBundle).Assembly.Location;
        File.Copy(protocol, _folder["FedJob.Protocol.dll"]);
        string use = "FedJob.Protocol.TrainingPlans.PlanBundle.Read(default).AssemblyName";
        _folder.CompilePlan(PlanFolder.PlanSource(use), "FedJob.Protocol");
        PlanBundle bundle = await _folder.BundleAsync();
        using LoadedPlan loaded = LoadedPlan.Load(bundle, "Plans.Plan");

        ITrainingPlan plan = loaded.CreateInstance();

        Assert.DoesNotContain("FedJob.Protocol.dll", bundle.FileNames);
        var exception = Assert.Throws<FileNotFoundException>(plan.GetParameters);
        Assert.Contains("'FedJob.Protocol', which a plan cannot", exception.InnerException!.Message, StringComparison.Ordinal);
    }

    [Theory, Trait("input", "13")]
    [InlineData("public abstract class Plan : ITrainingPlan", "is abstract")]
    [InlineData("internal sealed class Plan : ITrainingPlan", "is not public")]
    [InlineData("public struct Plan : ITrainingPlan", "is no class")]
    [InlineData("public sealed class Plan", "does not implement FedJob.Abstractions.ITrainingPlan")]
    [InlineData("public sealed class Plan(int size) : ITrainingPlan", "has no public parameterless constructor")]
    public async Task Load_TypeThatCannotBeAPlan_IsRefusedWithTheReason(string head, string reason)
    {
        _folder.CompilePlan(PlanFolder.PlanSource(head: head));

        var exception = await AssertTypeRefusedAsync("Plans.Plan");

        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Contains("it holds no training plan", exception.Message, StringComparison.Ordinal);
    }

    [Theory, Trait("input", "13")]
    [InlineData("Plans.Plan`1", "is generic")]
    [InlineData("Plans.Plan`1[[System.Int32, System.Runtime]]", "has no type")]
    public async Task Load_GenericType_IsRefused(string typeName, string reason)
    {
        _folder.CompilePlan(PlanFolder.PlanSource(head: "public sealed class Plan<T> : ITrainingPlan"));

        Assert.Contains(reason, (await AssertTypeRefusedAsync(typeName)).Message, StringComparison.Ordinal);
    }

    [Theory, Trait("input", "13")]
    [InlineData("Plan")]
    [InlineData("plans.plan")]
    [InlineData("Plans.Plan[]")]
    [InlineData("Plans.Plan, System.Runtime")]
    [InlineData("System.String")]
    public async Task Load_TypeMissing_ListsThePlansThereAre(string typeName)
    {
        _folder.CompilePlan(PlanFolder.PlanSource(members: "public sealed class Nested;"));

        var exception = await AssertTypeRefusedAsync(typeName);

        Assert.Contains("its training plans are: Plans.Plan.", exception.Message, StringComparison.Ordinal);
        Assert.Equal((_folder.PlanName, typeName), (exception.Assembly, exception.TypeName));
    }

    [Fact, Trait("input", "13")]
    public async Task Load_CodeThatRunsByItself_DoesNotRun()
    {
        string key = "ran " + _folder.PlanName;
        string mark = $"AppContext.SetData(\"{key}\", true);";
        using LoadedPlan loaded = await _folder.LoadAsync(PlanFolder.PlanSource(
            head: $$"""
            public sealed class MarkAttribute : Attribute { public MarkAttribute() { {{mark}} } }
            public static class AtStart { [System.Runtime.CompilerServices.ModuleInitializer] public static void Run() { {{mark}} } }
            [Mark] public sealed class Plan : ITrainingPlan
            """,
            members: $$"""static Plan() { {{mark}} }"""));

        Assert.Null(AppContext.GetData(key));
        loaded.CreateInstance();
        Assert.NotNull(AppContext.GetData(key));
    }

    [Theory, Trait("input", "13")]
    [InlineData("public Plan() => throw new InvalidOperationException(\"no luck\");", "InvalidOperationException")]
    [InlineData("static readonly int X = int.Parse(\"no luck\"); static Plan() { }", "TypeInitializationException")]
    public async Task CreateInstance_ConstructorThrows_WrapsWhatItThrew(string members, string inner)
    {
        using LoadedPlan loaded = await _folder.LoadAsync(PlanFolder.PlanSource(members: members));

        var exception = Assert.Throws<TrainingPlanException>(loaded.CreateInstance);

        Assert.Equal(FedJobErrorCode.TrainingPlanTypeInvalid, exception.Code);
        Assert.Equal(inner, exception.InnerException!.GetType().Name);
        Assert.Equal((_folder.PlanName, "Plans.Plan"), (exception.Assembly, exception.TypeName));
    }

    [Fact]
    public async Task CreateInstance_AfterDispose_IsRefused()
    {
        LoadedPlan loaded = await _folder.LoadAsync(PlanFolder.PlanSource());
        loaded.Dispose();
        loaded.Dispose();

        Assert.Throws<ObjectDisposedException>(loaded.CreateInstance);
    }

    private async Task<TrainingPlanException> AssertTypeRefusedAsync(string typeName)
    {
        PlanBundle bundle = await _folder.BundleAsync();
        var exception = Assert.Throws<TrainingPlanException>(() => LoadedPlan.Load(bundle, typeName));
        Assert.Equal(FedJobErrorCode.TrainingPlanTypeInvalid, exception.Code);
        return exception;
    }
}
