using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

public sealed class MappedFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fedjob-mapped-");

    private string FilePath => Path.Combine(_folder.FullName, "file.mpk");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_EmptyFile_IsRefusedWithTheOffset()
    {
        File.WriteAllBytes(FilePath, []);

        Assert.Equal(0, Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Open(FilePath)).Offset);
    }

    [Theory]
    [InlineData("missing.mpk")]
    [InlineData("no/such/folder.mpk")]
    [InlineData("")]
    public void Open_FileThatIsNotThere_SaysSoTyped(string name)
    {
        string path = Path.Combine(_folder.FullName, name);

        var failure = Assert.Throws<FedJobException>(() => ParameterFileReader.Open(path));

        Assert.Equal(FedJobErrorCode.LocalFileFailed, failure.Code);
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.InnerException);
    }

    [Fact]
    public async Task Dispose_ThenAnyUseOfATensor_ThrowsObjectDisposed()
    {
        await AggregatedParametersFile.WriteAsync(FilePath, "r", Wire.Model(), TestContext.Current.CancellationToken);
        ModelParameters parameters = AggregatedParametersFile.Open(FilePath);
        ParameterTensor tensor = parameters["weight"];
        Assert.Equal([1, 2, 3, 4, 5, 6], tensor.AsSpan<float>().ToArray());

        parameters.Dispose();
        parameters.Dispose();

        Assert.Throws<ObjectDisposedException>(() => tensor.AsSpan<float>().Length);
        Assert.Throws<ObjectDisposedException>(() => tensor.GetBytes(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => tensor.WithKind(TensorKind.NumPyArray).AsSpan<float>(0, 0).Length);
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => AggregatedParametersFile.WriteAsync(FilePath + "2", "r", parameters, TestContext.Current.CancellationToken));
        Assert.Equal([FilePath], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public async Task Open_WhileOpenElsewhere_GivesIndependentViews()
    {
        await TensorMapFile.WriteAsync(FilePath, Wire.Model(), TestContext.Current.CancellationToken);
        using ModelParameters first = TensorMapFile.Open(FilePath);
        using ModelParameters second = TensorMapFile.Open(FilePath);
        second.Dispose();

        Assert.Equal(2, first["bias"].AsSpan<float>().Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => first["bias"].AsSpan<float>(1, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => first["bias"].GetBytes(-1, 1).Length);
    }

    [Fact]
    public void Open_TensorBeyondTwoGibibytes_IsMappedAndReadToItsLastElement()
    {
        const long Elements = 600_000_000; // 2.4 GB of float32; the file is sparse
        WriteSparse(Elements);

        using ParameterFile file = ParameterFileReader.Open(FilePath);
        ParameterTensor tensor = Assert.IsType<ParameterTensorValue>(file.Value).Tensor;

        Assert.Equal([Elements], tensor.Shape);
        Assert.Equal(1.5f, tensor.AsSpan<float>(Elements - 1, 1)[0]);
        Assert.Equal((int)Elements, tensor.AsSpan<float>().Length);
    }

    [Fact]
    public void Open_AGigabyte_AllocatesLessThanAMegabyte()
    {
        WriteSparse(250_000_000);
        ParameterFileReader.Open(FilePath).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();

        ParameterFileReader.Open(FilePath).Dispose();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
    }

    /// <summary>Writes a torch.Tensor float32 of zeros whose last element is 1.5, without writing the zeros.</summary>
    private void WriteSparse(long elements)
    {
        byte[] whole = Wire.Typed("torch.Tensor", [0x93, 0xC6, 0, 0, 0, 0]);
        int lengthAt = whole.Length - 4;
        long bytes = elements * 4;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(whole.AsSpan(lengthAt), (uint)bytes);
        using FileStream stream = File.Create(FilePath);
        stream.Write(whole);
        stream.Seek(bytes - 4, SeekOrigin.Current);
        stream.Write(BitConverter.GetBytes(1.5f));
        stream.Write(Wire.Text("float32"));
        stream.Write([0x91, 0xCE]);
        byte[] length = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(length, (uint)elements);
        stream.Write(length);
    }
}
