using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Reflection.Emit;
using System.Security.Cryptography;
using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.Tests.Protocol.TrainingPlans;

public sealed class PlanBundleTests : IDisposable
{
    private const string DepSource = "namespace Dep; public static class Name { public static string Value => \"from-dep\"; }";

    private readonly PlanFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FromAssemblyAsync_DependenciesBesideIt_BundlesTheClosureSortedWithoutTheContract()
    {
        _folder.CompileLibrary("Deeper", "namespace Deeper; public static class Name { public static string Value => \"deep\"; }");
        _folder.CompileLibrary("Dep", DepSource.Replace("\"from-dep\"", "Deeper.Name.Value", StringComparison.Ordinal), "Deeper");
        _folder.CompileLibrary("Unrelated", "public static class Unrelated;");
        _folder.CompilePlan(PlanFolder.PlanSource("Dep.Name.Value"), "Dep");
        _folder.CopyContract();

        PlanBundle bundle = await _folder.BundleAsync();

        Assert.Equal(["Deeper.dll", "Dep.dll", _folder.PlanName + ".dll", "fedjob-plan.json"], bundle.FileNames);
        Assert.Equal(_folder.PlanName, bundle.AssemblyName);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bundle.Bytes.Span)), bundle.Sha256);
    }

    [Fact]
    public async Task FromAssemblyAsync_AnyBundle_IsAZipThatEveryToolOpens()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());

        PlanBundle bundle = await _folder.BundleAsync();

        (string Name, byte[] Content)[] files = RawZip.Unzip(bundle.Bytes);
        Assert.Equal([_folder.PlanName + ".dll", "fedjob-plan.json"], files.Select(f => f.Name));
        Assert.Equal(await File.ReadAllBytesAsync(_folder.PlanPath, TestContext.Current.CancellationToken), files[0].Content);
        Assert.Equal($"{{\"version\":1,\"assembly\":\"{_folder.PlanName}\"}}", Encoding.UTF8.GetString(files[1].Content));
        Assert.Equal(RawZip.Zip(files), bundle.Bytes.ToArray());
        using var archive = new ZipArchive(new MemoryStream(bundle.Bytes.ToArray()));
        Assert.All(archive.Entries, e => Assert.Equal((new DateTime(1980, 1, 1), 0), (e.LastWriteTime.DateTime, e.ExternalAttributes)));
    }

    [Fact]
    public async Task FromAssemblyAsync_SameFilesElsewhereAndLater_GivesTheSameBytes()
    {
        _folder.CompileLibrary("Dep", DepSource);
        _folder.CompilePlan(PlanFolder.PlanSource("Dep.Name.Value"), "Dep");
        using var other = new PlanFolder();
        foreach (string file in Directory.GetFiles(_folder.Folder).Reverse())
        {
            string copy = other[Path.GetFileName(file)];
            File.Copy(file, copy);
            File.SetLastWriteTimeUtc(copy, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        }

        PlanBundle first = await _folder.BundleAsync();
        CultureInfo before = CultureInfo.CurrentCulture;
        var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        strange.NumberFormat.NegativeSign = "minus";
        strange.DateTimeFormat.Calendar = strange.OptionalCalendars[^1];
        CultureInfo.CurrentCulture = strange;
        PlanBundle second = await PlanBundle.FromAssemblyAsync(
            other[Path.GetFileName(_folder.PlanPath)], TestContext.Current.CancellationToken);
        CultureInfo.CurrentCulture = before;

        Assert.Equal(first.Bytes.ToArray(), second.Bytes.ToArray());
        Assert.Equal(first.Sha256, second.Sha256);
    }

    [Fact, Trait("input", "13")]
    public async Task FromAssemblyAsync_OneByteOfTheAssemblyChanged_ChangesTheHash()
    {
        _folder.CompilePlan(PlanFolder.PlanSource("\"some name\""));
        PlanBundle original = await _folder.BundleAsync();
        byte[] bytes = await File.ReadAllBytesAsync(_folder.PlanPath, TestContext.Current.CancellationToken);
        bytes[bytes.AsSpan().IndexOf("s\0o\0m\0e\0"u8)] ^= 1;
        await File.WriteAllBytesAsync(_folder.PlanPath, bytes, TestContext.Current.CancellationToken);

        PlanBundle changed = await _folder.BundleAsync();

        Assert.NotEqual(original.Sha256, changed.Sha256);
    }

    [Fact, Trait("input", "13")]
    public async Task FromAssemblyAsync_DependencyNeitherBesideNorShared_NamesIt()
    {
        _folder.CompileLibrary("Gone", DepSource);
        _folder.CompilePlan(PlanFolder.PlanSource("Dep.Name.Value"), "Gone");
        File.Delete(_folder["Gone.dll"]);

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Contains("'Gone.dll'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.PlanPath, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FromAssemblyAsync_FileWithAnotherAssemblyThanItsName_IsRefused()
    {
        _folder.CompileLibrary("Dep", DepSource);
        _folder.CompilePlan(PlanFolder.PlanSource("Dep.Name.Value"), "Dep");
        File.Move(_folder.CompileLibrary("Other", DepSource), _folder["Dep.dll"], overwrite: true);

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Contains("holds another assembly: 'Other'", exception.Message, StringComparison.Ordinal);
    }

    [Theory, Trait("input", "13")]
    [InlineData("")]
    [InlineData("MZ")]
    [InlineData("def train(self): pass")]
    public async Task FromAssemblyAsync_NotManaged_IsRefused(string content)
    {
        await File.WriteAllTextAsync(_folder.PlanPath, content, TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Equal(_folder.PlanPath, exception.Assembly);
    }

    [Fact, Trait("input", "13")]
    public async Task FromAssemblyAsync_CutAtAnyByte_IsRefusedOrBundled()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        byte[] whole = await File.ReadAllBytesAsync(_folder.PlanPath, TestContext.Current.CancellationToken);
        for (int length = 0; length < whole.Length; length += 7)
        {
            await File.WriteAllBytesAsync(_folder.PlanPath, whole[..length], TestContext.Current.CancellationToken);
            Exception? exception = await Record.ExceptionAsync(_folder.BundleAsync);
            Assert.True(
                exception is null or TrainingPlanException { Code: FedJobErrorCode.TrainingPlanAssemblyInvalid }, $"{length}: {exception}");
        }
    }

    [Fact]
    public async Task FromAssemblyAsync_NoFile_IsNotFound()
    {
        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Equal(FedJobErrorCode.TrainingPlanNotFound, exception.Code);
        Assert.Contains(_folder.PlanPath, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FromAssemblyAsync_EmptyPath_IsAnArgumentError() =>
        await Assert.ThrowsAsync<ArgumentException>(() => PlanBundle.FromAssemblyAsync(" ", TestContext.Current.CancellationToken));

    [Fact]
    public async Task FromAssemblyAsync_CancelledBefore_Ends()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => PlanBundle.FromAssemblyAsync(_folder.PlanPath, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task FromAssemblyAsync_MoreThanTheLimit_IsRefusedUnread()
    {
        using (FileStream file = File.Create(_folder.PlanPath))
        {
            file.SetLength(PlanBundle.MaximumBytes + 1L);
        }

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Equal(FedJobErrorCode.FileTooLarge, exception.Code);
    }

    [Fact]
    public async Task FromAssemblyAsync_ContractAssemblyItself_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<TrainingPlanException>(
            () => PlanBundle.FromTypeAsync(typeof(ITrainingPlan), TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
    }

    [Fact]
    public async Task FromAssemblyAsync_PlatformCallIntoALibraryBesideIt_IsRefused()
    {
        const string Native = "[System.Runtime.InteropServices.DllImport(\"fastmath\")] private static extern int F();";
        _folder.CompilePlan(PlanFolder.PlanSource(members: Native));
        await File.WriteAllTextAsync(_folder["libfastmath.so"], "native", TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(_folder.BundleAsync);

        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Contains("native library 'libfastmath.so'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FromTypeAsync_AssemblyLoadedFromBytes_IsRefused()
    {
        _folder.CompileLibrary("InMemory", "public sealed class InMemory;");
        byte[] bytes = await File.ReadAllBytesAsync(_folder["InMemory.dll"], TestContext.Current.CancellationToken);
        Type type = Assembly.Load(bytes).GetType("InMemory")!;

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(
            () => PlanBundle.FromTypeAsync(type, TestContext.Current.CancellationToken));

        Assert.Equal((FedJobErrorCode.TrainingPlanNotFound, "InMemory"), (exception.Code, exception.TypeName));
    }

    [Fact]
    public async Task FromTypeAsync_DynamicAssembly_IsRefused()
    {
        Type type = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Dynamic"), AssemblyBuilderAccess.RunAndCollect)
            .DefineDynamicModule("Dynamic").DefineType("T").CreateType();

        var exception = await Assert.ThrowsAsync<TrainingPlanException>(
            () => PlanBundle.FromTypeAsync(type, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.TrainingPlanNotFound, exception.Code);
    }
}
