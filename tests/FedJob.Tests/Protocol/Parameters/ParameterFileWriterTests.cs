using System.Diagnostics;
using System.Numerics;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;

namespace FedJob.Tests.Protocol.Parameters;

public sealed class ParameterFileWriterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-writer-");

    private string FilePath => Path.Combine(_folder.FullName, "file.mpk");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(9_000_001)]
    public async Task WriteAsync_TensorsOfAllHeaderSizes_ReadBackAndMatchTheDigest(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        var tensors = new ModelParameters
        {
            ["first"] = ParameterTensor.FromArray(bytes),
            ["second"] = ParameterTensor.FromArray(new double[] { 1, 2 }),
        };

        WrittenFile written = await TensorMapFile.WriteAsync(FilePath, tensors, TestContext.Current.CancellationToken);

        byte[] file = File.ReadAllBytes(FilePath);
        Assert.Equal(new WrittenFile(FilePath, file.Length, new FileDigest(
            DigestAlgorithm.XxHash128, Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(file)))), written);
        Assert.Equal(file, ParameterFileWriter.ToArray(new ParameterMap(tensors.Select(
            t => KeyValuePair.Create<ParameterValue, ParameterValue>(new ParameterText(t.Key), new ParameterTensorValue(t.Value))))));
        using ModelParameters read = TensorMapFile.Open(FilePath);
        Assert.Equal(bytes, read["first"].AsSpan<byte>().ToArray());
        Assert.Equal([1, 2], read["second"].AsSpan<double>().ToArray());
        Assert.Equal([FilePath], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public async Task WriteAsync_CancelledBetweenTwoBlocks_LeavesTheOldFileAndNoTemporary()
    {
        File.WriteAllText(FilePath, "old");
        using var cancellation = new CancellationTokenSource();
        var storage = new ZeroStorage(64L << 20, blocks => { if (blocks == 2) { cancellation.Cancel(); } });
        var tensors = new ModelParameters { ["w"] = new ParameterTensor(TensorElementType.UInt8, [64L << 20], storage) };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TensorMapFile.WriteAsync(FilePath, tensors, cancellation.Token));

        Assert.Equal(2, storage.Blocks);
        Assert.Equal("old", File.ReadAllText(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public async Task WriteAsync_CancelledBefore_WritesNothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ParameterFileWriter.WriteAsync(FilePath, ParameterNil.Instance, new CancellationToken(canceled: true)));

        Assert.Empty(Directory.GetFiles(_folder.FullName));
    }

    [Theory]
    [InlineData("missing/file.mpk")]
    [InlineData("is-a-file/file.mpk")]
    [InlineData("is-a-folder")]
    public async Task WriteAsync_PathThatCannotBeWritten_SaysSoTypedAndLeavesNoTemporary(string name)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "is-a-file"), "x");
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "is-a-folder"));
        string path = Path.Combine(_folder.FullName, name);

        var failure = await Assert.ThrowsAsync<FedJobException>(
            () => ParameterFileWriter.WriteAsync(path, ParameterNil.Instance, TestContext.Current.CancellationToken));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, failure.Code);
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        Assert.Equal(["is-a-file"], _folder.GetFiles("*", SearchOption.AllDirectories).Select(f => f.Name));
    }

    [Fact]
    public async Task WriteAsync_DiskFull_SaysSoTypedAndKeepsTheOldFile()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _folder.FullName),
            "no right to mount a small disk");
        try
        {
            await TensorMapFile.WriteAsync(FilePath, Wire.Model(), TestContext.Current.CancellationToken);
            byte[] old = File.ReadAllBytes(FilePath);
            var large = new ModelParameters { ["w"] = ParameterTensor.FromArray(new byte[4 << 20]) };

            var failure = await Assert.ThrowsAsync<FedJobException>(
                () => TensorMapFile.WriteAsync(FilePath, large, TestContext.Current.CancellationToken));

            Assert.Equal(FedJobErrorCode.LocalFileFailed, failure.Code);
            Assert.IsAssignableFrom<IOException>(failure.InnerException);
            Assert.Equal(old, File.ReadAllBytes(FilePath));
            Assert.Equal([FilePath], Directory.GetFiles(_folder.FullName));
        }
        finally
        {
            Run("umount", _folder.FullName);
        }
    }

    [Fact]
    public async Task WriteAsync_TensorBeyondTheFormat_IsRefusedBeforeAByteIsWritten()
    {
        const long TooLong = 1L << 32;
        var storage = new ZeroStorage(TooLong, _ => { });
        var tensors = new ModelParameters { ["w"] = new ParameterTensor(TensorElementType.UInt8, [TooLong], storage) };

        var refusal = await Assert.ThrowsAsync<ParameterFormatException>(
            () => AggregatedParametersFile.WriteAsync(FilePath, "r", tensors, TestContext.Current.CancellationToken));

        Assert.Contains("'model_weights.w'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("4294967296 bytes; the format holds at most 4294967295", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, storage.Blocks);
        Assert.Empty(Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public void ToArray_WhatWouldBeReadBackOtherwise_IsRefusedNamingThePlace()
    {
        ParameterValue one = new ParameterInteger(1);
        ParameterValue deep = one;
        for (int i = 0; i < 101; i++)
        {
            deep = new ParameterList([deep]);
        }

        Refused(Wire.Map(("a", Wire.Map(("__type__", new ParameterText("tuple")), ("value", one)))), "'a': a map with the key '__type__'");
        Refused(Wire.Map(("__type__", one), ("value", one)), "the root value: a map with the key '__type__'");
        Refused(deep, "more than 100 deep");
        Refused(Wire.Map(("a", new ParameterText("\uD83E"))), "'a': a text holds half a surrogate pair");
        Refused(
            Wire.Map(("w", new ParameterTensorValue(ParameterTensor.FromMemory<ushort>(new ushort[1], [1], TensorKind.TorchTensor)))),
            "'w': a torch.Tensor cannot be uint16");
        Assert.Equal("81A85F5F747970655F5F01", Convert.ToHexString(ParameterFileWriter.ToArray(Wire.Map(("__type__", one)))));
    }

    [Fact]
    public void ToArray_ExactlyAsDeepAsReadable_IsReadBack()
    {
        ParameterValue deep = ParameterInteger.From(BigInteger.One << 100);
        for (int i = 0; i < 49; i++)
        {
            deep = new ParameterTuple([deep]);
        }

        byte[] bytes = ParameterFileWriter.ToArray(new ParameterList([deep]));

        Assert.Equal(bytes, ParameterFileWriter.ToArray(ParameterFileReader.Read(bytes)));
        Refused(new ParameterList([new ParameterList([deep])]), "more than 100 deep");
    }

    private static void Refused(ParameterValue value, string reason) => Assert.Contains(
        reason, Assert.Throws<ParameterFormatException>(() => ParameterFileWriter.ToArray(value)).Message, StringComparison.Ordinal);

    private static bool Run(string command, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // the command does not exist here
        }
    }

    /// <summary>Zeros without memory behind them, which tells how often it was read.</summary>
    private sealed class ZeroStorage(long length, Action<int> onBlock) : TensorStorage
    {
        private readonly byte[] _block = new byte[8 << 20];

        public int Blocks { get; private set; }

        public override long Length => length;

        public override ReadOnlySpan<byte> GetSpan(long offset, int length)
        {
            onBlock(++Blocks);
            return _block.AsSpan(0, length);
        }

        public override ReadOnlySpan<T> GetSpan<T>(long byteOffset, int count) => throw new NotSupportedException();
    }
}
