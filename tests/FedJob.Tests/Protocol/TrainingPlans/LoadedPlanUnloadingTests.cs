using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.Tests.Protocol.TrainingPlans;

public sealed class LoadedPlanUnloadingTests : IDisposable
{
    private const int MaximumCollections = 10;

    private readonly PlanFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Dispose_InstancesLetGo_UnloadsTheContext()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        PlanBundle bundle = await _folder.BundleAsync();

        LoadedPlan disposed = LoadUseAndDispose(bundle);

        Assert.True(DiesWithin(disposed.Unloading, MaximumCollections));
        GC.KeepAlive(disposed);
    }

    [Fact]
    public async Task Dispose_Once_BeginsUnloadingAtOnce()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        LoadedPlan loaded = LoadedPlan.Load(await _folder.BundleAsync(), "Plans.Plan");
        int unloading = 0;
        ((AssemblyLoadContext)loaded.Unloading.Target!).Unloading += _ => unloading++;

        loaded.Dispose();
        loaded.Dispose();

        Assert.Equal(1, unloading);
    }

    [Fact]
    public async Task Dispose_InstanceStillHeld_KeepsItWorking()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        LoadedPlan loaded = LoadedPlan.Load(await _folder.BundleAsync(), "Plans.Plan");
        ITrainingPlan plan = loaded.CreateInstance();

        loaded.Dispose();

        Assert.False(DiesWithin(loaded.Unloading, MaximumCollections));
        Assert.Equal(["w"], plan.GetParameters().Names);
    }

    [Fact]
    public async Task Load_Refused_LeavesNoContextBehind()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        PlanBundle bundle = await _folder.BundleAsync();

        LoadInVain(bundle);

        Assert.True(WithCollections(() => CountContexts() == 0));
    }

    [Fact]
    public async Task LoadAndDispose_FiftyTimes_DoesNotGrow()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        PlanBundle bundle = await _folder.BundleAsync();
        WeakReference[] contexts = [.. Enumerable.Range(0, 50).Select(_ => LoadUseAndDispose(bundle).Unloading)];

        Assert.True(WithCollections(() => contexts.All(c => !c.IsAlive) && CountContexts() == 0));
    }

    // Not inlined, so that no local variable of the test keeps anything of the plan alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static LoadedPlan LoadUseAndDispose(PlanBundle bundle)
    {
        using LoadedPlan loaded = LoadedPlan.Load(bundle, "Plans.Plan");
        ITrainingPlan plan = loaded.CreateInstance();
        plan.SetParameters(plan.GetParameters());
        Assert.True(loaded.Unloading.IsAlive);
        return loaded;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LoadInVain(PlanBundle bundle) => Assert.Throws<TrainingPlanException>(() => LoadedPlan.Load(bundle, "Plans.Other"));

    private static bool DiesWithin(WeakReference reference, int collections) => WithCollections(() => !reference.IsAlive, collections);

    private static bool WithCollections(Func<bool> condition, int collections = MaximumCollections)
    {
        for (int i = 0; i < collections && !condition(); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return condition();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int CountContexts() => AssemblyLoadContext.All.Count(c => c.Name?.Contains(_folder.PlanName, StringComparison.Ordinal) == true);
}
