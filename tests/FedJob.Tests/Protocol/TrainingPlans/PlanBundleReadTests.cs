using System.Buffers;
using System.IO.Compression;
using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.Tests.Protocol.TrainingPlans;

[Trait("input", "13")]
public sealed class PlanBundleReadTests : IAsyncLifetime
{
    private const string ManifestName = "fedjob-plan.json";

    private readonly PlanFolder _folder = new();
    private byte[] _valid = [];
    private byte[] _dll = [];

    public async ValueTask InitializeAsync()
    {
        _folder.CompilePlan(PlanFolder.PlanSource());
        _valid = (await _folder.BundleAsync()).Bytes.ToArray();
        _dll = RawZip.Unzip(_valid)[0].Content;
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Read_WhatWasMade_GivesTheSameBundle()
    {
        PlanBundle bundle = PlanBundle.Read(_valid);

        Assert.Equal(_valid, bundle.Bytes.ToArray());
        Assert.Equal(_folder.PlanName, bundle.AssemblyName);
        Assert.Equal([_folder.PlanName + ".dll", ManifestName], bundle.FileNames);
    }

    [Fact]
    public void Read_TruncatedAtAnyByte_IsRefused()
    {
        for (int length = 0; length < _valid.Length; length++)
        {
            AssertRefused(_valid.AsMemory(0, length), string.Empty);
        }
    }

    [Fact]
    public void Read_AnyByteFlipped_IsRefused()
    {
        for (int i = 0; i < _valid.Length; i++)
        {
            _valid[i] ^= 0x20; // also turns an upper-case letter into a lower-case one
            AssertRefused(_valid, string.Empty);
            _valid[i] ^= 0x20;
        }
    }

    [Fact]
    public void Read_AssemblyDamagedUnderARightChecksum_IsRefusedOrRead()
    {
        for (int i = 0; i < _dll.Length; i++)
        {
            foreach (byte mask in (byte[])[0x01, 0x80, 0xFF])
            {
                byte[] damaged = [.. _dll];
                damaged[i] ^= mask;
                Exception? exception = Record.Exception(() => PlanBundle.Read(Zip((_folder.PlanName + ".dll", damaged), Manifest())));
                Assert.True(exception is null or TrainingPlanException, $"byte {i}: {exception}");
            }
        }
    }

    [Fact]
    public void Read_BytesBeforeOrAfter_IsRefused()
    {
        AssertRefused((byte[])[0, .. _valid], "does not begin");
        AssertRefused((byte[])[.. _valid, 0], "left over");
        AssertRefused((byte[])[.. _valid, .. _valid], "left over");
    }

    [Theory]
    [InlineData("../evil.dll")]
    [InlineData("/evil.dll")]
    [InlineData("a/evil.dll")]
    [InlineData("..\\evil.dll")]
    [InlineData("C:evil.dll")]
    [InlineData(".dll")]
    [InlineData("...dll")]
    [InlineData("a..b.dll")]
    [InlineData(" a.dll")]
    [InlineData("a .dll")]
    [InlineData("a\0.dll")]
    [InlineData("a\n.dll")]
    [InlineData("a.DLL")]
    [InlineData("a.so")]
    [InlineData("a.pdb")]
    [InlineData("")]
    [InlineData("a.dll/")]
    [InlineData("runtimes/../a.dll")]
    [InlineData("runtimes//a.dll")]
    [InlineData("runtimes/Linux/a.dll")]
    [InlineData("runtimes/linux/x/a.dll")]
    [InlineData("runtimes/linux/a.deps.json")]
    public void Read_NameThatIsNoBareFileName_IsRefused(string name) => AssertRefused(Zip((name, _dll), Manifest()), "file name");

    [Fact]
    public void Read_NameTooLong_IsRefused() => AssertRefused(Zip((new string('a', 300) + ".dll", _dll), Manifest()), "longer than 255");

    [Fact]
    public void Read_NameNotUtf8_IsRefused()
    {
        byte[] zip = Zip(("name.dll", _dll), Manifest());
        zip[30] = 0xFF;
        AssertRefused(zip, "not UTF-8");
    }

    [Fact]
    public void Read_NameTwice_IsRefused()
    {
        AssertRefused(Zip(Plan(), Plan(), Manifest()), "different and sorted");
        AssertRefused(Zip((_folder.PlanName.ToUpperInvariant() + ".dll", _dll), Plan(), Manifest()), "upper and lower case");
    }

    [Fact]
    public void Read_NotSorted_IsRefused() => AssertRefused(Zip(Manifest(), Plan()), "sorted");

    [Fact]
    public void Read_MoreThanTheLimitOfFiles_IsRefused()
    {
        IEnumerable<int> numbers = Enumerable.Range(0, PlanBundle.MaximumFiles + 1);
        AssertRefused(Zip([.. numbers.Select(i => ($"a{i:D4}.deps.json", Array.Empty<byte>()))]), "more than 1000 files");
    }

    [Theory]
    [InlineData(18)] // the size of the compressed content
    [InlineData(22)] // the size of the content
    public void Read_SizeThatLies_IsRefused(int field)
    {
        foreach (uint size in (uint[])[0, 1, (uint)_valid.Length, int.MaxValue, uint.MaxValue])
        {
            BitConverter.TryWriteBytes(_valid.AsSpan(field), size);
            AssertRefused(_valid, string.Empty);
        }
    }

    [Fact]
    public void Read_CompressedBomb_IsRefusedWithoutInflating()
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using Stream entry = archive.CreateEntry("a.dll", CompressionLevel.SmallestSize).Open();
            entry.Write(new byte[32 << 20]);
        }

        byte[] zip = stream.ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(zip, string.Empty);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Read_MoreBytesThanTheLimit_IsRefusedUntouched()
    {
        using var huge = new UntouchableMemory(PlanBundle.MaximumBytes + 1);

        var exception = Assert.Throws<TrainingPlanException>(() => PlanBundle.Read(huge.Memory));

        Assert.Equal(FedJobErrorCode.FileTooLarge, exception.Code);
    }

    [Fact]
    public void Read_FileThatIsNoManagedAssembly_IsRefused() =>
        AssertRefused(Zip(("Native.dll", "\u007fELF"u8.ToArray()), Plan(), Manifest()), "'Native.dll' is no managed assembly");

    [Fact]
    public void Read_AssemblyUnderAnotherName_IsRefused() =>
        AssertRefused(Zip(("Other.dll", _dll), Manifest("Other")), $"'Other.dll' holds the assembly '{_folder.PlanName}'");

    [Theory]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"version\":1,\"assembly\":null}")]
    [InlineData("{\"version\":1,\"version\":1,\"assembly\":\"NAME\"}")]
    [InlineData("{\"version\":1,\"assembly\":\"NAME\",\"more\":1}")]
    [InlineData("{\"version\":1,\"assembly\":\"NAME\"}x")]
    public void Read_ManifestDamaged_IsRefused(string json) => AssertRefused(
        Zip(Plan(), (ManifestName, Encoding.UTF8.GetBytes(json.Replace("NAME", _folder.PlanName, StringComparison.Ordinal)))),
        "no valid 'fedjob-plan.json'");

    [Fact]
    public void Read_ManifestMissing_IsRefused() => AssertRefused(Zip(Plan()), "no valid 'fedjob-plan.json'");

    [Fact]
    public void Read_ManifestOfALaterVersion_SaysSo() => AssertRefused(
        Zip(Plan(), (ManifestName, Encoding.UTF8.GetBytes($"{{\"version\":2,\"assembly\":\"{_folder.PlanName}\"}}"))), "version 2");

    [Fact]
    public void Read_ManifestNamesWhatIsNotThere_IsRefused()
    {
        AssertRefused(Zip(Plan(), Manifest("Other")), "is not in it");
        AssertRefused(Zip(Manifest($"runtimes/unix/{_folder.PlanName}"), ($"runtimes/unix/{_folder.PlanName}.dll", _dll)), "is not in it");
    }

    private static byte[] Zip(params (string, byte[])[] files) => RawZip.Zip(files);

    private static void AssertRefused(ReadOnlyMemory<byte> bytes, string reason)
    {
        var exception = Assert.Throws<TrainingPlanException>(() => PlanBundle.Read(bytes));
        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, exception.Code);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }

    private (string, byte[]) Plan() => (_folder.PlanName + ".dll", _dll);

    private (string, byte[]) Manifest(string? assembly = null) =>
        (ManifestName, Encoding.UTF8.GetBytes($"{{\"version\":1,\"assembly\":\"{assembly ?? _folder.PlanName}\"}}"));

    /// <summary>Memory of a length that nothing may look at.</summary>
    private sealed class UntouchableMemory(int length) : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(length);

        public override Span<byte> GetSpan() => throw new InvalidOperationException("The memory was touched.");

        public override MemoryHandle Pin(int elementIndex = 0) => throw new InvalidOperationException("The memory was touched.");

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
