using System.Numerics;
using FedJob.Abstractions;

namespace FedJob.Tests.Abstractions;

public sealed class ParameterTensorTests
{
    public static TheoryData<TensorElementType, int> Sizes => new()
    {
        { TensorElementType.Float16, 2 }, { TensorElementType.Float32, 4 }, { TensorElementType.Float64, 8 }, { TensorElementType.Int8, 1 },
        { TensorElementType.Int16, 2 }, { TensorElementType.Int32, 4 }, { TensorElementType.Int64, 8 }, { TensorElementType.UInt8, 1 },
        { TensorElementType.UInt16, 2 }, { TensorElementType.UInt32, 4 }, { TensorElementType.UInt64, 8 }, { TensorElementType.Bool, 1 },
        { TensorElementType.Complex64, 8 }, { TensorElementType.Complex128, 16 },
    };

    [Fact]
    public void FromArray_WithoutShape_IsOneDimensionOverTheSameArray()
    {
        float[] values = [1, 2, 3];

        ParameterTensor tensor = ParameterTensor.FromArray(values);

        Assert.Equal([3], tensor.Shape);
        Assert.Equal(TensorKind.NumPyArray, tensor.Kind);
        Assert.Equal(12, tensor.ByteCount);
        Assert.True(tensor.AsSpan<float>() == values.AsSpan());
    }

    [Fact]
    public void Create_FromASpan_OwnsACopy()
    {
        float[] values = [1, 2];
        ParameterTensor tensor = ParameterTensor.Create<float>(values, 2, 1);

        values[0] = 9;

        Assert.Equal([1, 2], tensor.AsSpan<float>().ToArray());
        Assert.Equal([2, 1], tensor.Shape);
    }

    [Fact]
    public void Constructor_ShapeArrayChangedLater_KeepsItsOwn()
    {
        long[] shape = [2, 3];
        ParameterTensor tensor = ParameterTensor.FromMemory<float>(new float[6], shape);

        shape[0] = 99;

        Assert.Equal([2, 3], tensor.Shape);
        Assert.Equal("Float32[2, 3]", tensor.ToString());
    }

    [Fact]
    public void FromMemory_EmptyShape_IsAScalar()
    {
        ParameterTensor scalar = ParameterTensor.FromMemory<double>(new[] { 2.5 }, []);

        Assert.Equal(1, scalar.ElementCount);
        Assert.Empty(scalar.Shape);
        Assert.Equal(2.5, scalar.AsSpan<double>()[0]);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(0L, 5L)]
    [InlineData(7L, 0L, 1L << 40)]
    public void FromMemory_ShapeWithZero_HasNoElements(params long[] shape)
    {
        ParameterTensor tensor = ParameterTensor.FromMemory<float>(ReadOnlyMemory<float>.Empty, shape);

        Assert.Equal(0, tensor.ElementCount);
        Assert.True(tensor.AsSpan<float>().IsEmpty);
        Assert.True(tensor.GetBytes(0, 0).IsEmpty);
    }

    [Theory]
    [InlineData("negative dimension", -1L)]
    [InlineData("negative dimension", 0L, -1L)]
    [InlineData("more elements than 64 bits can count", 1L << 32, 1L << 32)]
    [InlineData("more elements than 64 bits can count", long.MaxValue, 2L)]
    [InlineData("more elements than 64 bits can count", 0L, long.MaxValue, 2L)]
    [InlineData("more elements than 64 bits can count", long.MaxValue)]
    [InlineData("needs 8 bytes, but 16 were given", 2L)]
    [InlineData("needs 20 bytes, but 16 were given", 5L)]
    [InlineData("needs 4 bytes, but 16 were given")]
    public void FromMemory_ShapeThatDoesNotFit_IsRefused(string reason, params long[] shape)
    {
        var refusal = Assert.Throws<ArgumentException>(() => ParameterTensor.FromMemory<float>(new float[4], shape));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromArray_NoTensorElementType_IsRefused()
    {
        Assert.Throws<NotSupportedException>(() => ParameterTensor.FromArray(new char[1]));
        Assert.Throws<NotSupportedException>(() => ParameterTensor.FromArray(new decimal[1]));
        Assert.Throws<ArgumentNullException>(() => ParameterTensor.FromArray<float>(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => ParameterTensor.FromBytes((TensorElementType)99, [1], new byte[4]));
    }

    [Fact]
    public void AsSpan_AsAnotherType_IsRefused()
    {
        ParameterTensor tensor = ParameterTensor.FromArray(new float[4]);

        Assert.Throws<InvalidOperationException>(() => tensor.AsSpan<int>().Length);
        Assert.Throws<InvalidOperationException>(() => tensor.AsSpan<double>(0, 1).Length);
        Assert.Throws<InvalidOperationException>(() => tensor.AsSpan<byte>().Length);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 5)]
    [InlineData(4, 1)]
    [InlineData(0, -1)]
    [InlineData(long.MaxValue / 4, 1)]
    public void AsSpan_BeyondTheTensor_IsRefused(long start, int count)
    {
        ParameterTensor tensor = ParameterTensor.FromArray(new float[4]);

        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.AsSpan<float>(start, count).Length);
    }

    [Fact]
    public void AsSpan_ABlock_IsThatPart()
    {
        ParameterTensor tensor = ParameterTensor.FromArray(new short[] { 1, 2, 3, 4 });

        Assert.Equal([2, 3], tensor.AsSpan<short>(1, 2).ToArray());
        Assert.Equal([3, 0], tensor.GetBytes(4, 2).ToArray());
        Assert.True(tensor.AsSpan<short>(4, 0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetBytes(7, 2).Length);
    }

    [Fact]
    public void WithKind_AnotherKind_SharesTheBytes()
    {
        ParameterTensor array = ParameterTensor.FromArray(new double[] { 1, 2 }, 2, 1);

        ParameterTensor torch = array.WithKind(TensorKind.TorchTensor);

        Assert.Same(array, array.WithKind(TensorKind.NumPyArray));
        Assert.Equal(TensorKind.TorchTensor, torch.Kind);
        Assert.Equal(array.Shape, torch.Shape);
        Assert.True(torch.AsSpan<double>() == array.AsSpan<double>());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void FromBytes_EachElementType_NeedsItsSize(TensorElementType type, int size)
    {
        Assert.Equal(size, type.GetSize());
        Assert.Equal(3, ParameterTensor.FromBytes(type, [3], new byte[3 * size]).ElementCount);
        Assert.Throws<ArgumentException>(() => ParameterTensor.FromBytes(type, [3], new byte[(3 * size) + 1]));
    }

    [Fact]
    public void FromClrType_EachElement_IsReadAsItself()
    {
        Assert.Equal(TensorElementType.Float16, ParameterTensor.FromArray(new Half[1]).ElementType);
        Assert.Equal(TensorElementType.UInt64, ParameterTensor.FromArray(new[] { ulong.MaxValue }).ElementType);
        Assert.Equal([true, false], ParameterTensor.FromBytes(TensorElementType.Bool, [2], new byte[] { 1, 0 }).AsSpan<bool>().ToArray());
        Assert.Equal([Complex.ImaginaryOne], ParameterTensor.FromArray(new[] { Complex.ImaginaryOne }).AsSpan<Complex>().ToArray());
        Assert.True(TensorElementType.Float16.IsFloatingPoint());
        Assert.False(TensorElementType.Complex64.IsFloatingPoint());
    }

    [Fact]
    public void AsSpan_OfMoreElementsThanASpanHolds_AsksForBlocks()
    {
        long elements = int.MaxValue + 1L;
        var tensor = new ParameterTensor(TensorElementType.Int8, [elements], new Unread(elements));

        var refusal = Assert.Throws<InvalidOperationException>(() => tensor.AsSpan<sbyte>().Length);
        Assert.Contains("in blocks", refusal.Message, StringComparison.Ordinal);
    }

    private sealed class Unread(long length) : TensorStorage
    {
        public override long Length => length;

        public override ReadOnlySpan<byte> GetSpan(long offset, int length) => throw new NotSupportedException();

        public override ReadOnlySpan<T> GetSpan<T>(long byteOffset, int count) => throw new NotSupportedException();
    }
}
