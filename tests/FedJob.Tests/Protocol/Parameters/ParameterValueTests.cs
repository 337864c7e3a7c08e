using System.Numerics;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

public sealed class ParameterValueTests
{
    private static readonly ParameterValue One = new ParameterInteger(1);

    [Fact]
    public void Map_KeysThatPythonTakesForTheSame_StandOnlyOnce()
    {
        ParameterValue[] same =
        [
            One, new ParameterFloat(1), new ParameterBoolean(true),
            ParameterScalar.Create(1f), ParameterScalar.Create((byte)1), ParameterScalar.Create(true),
        ];
        foreach (ParameterValue key in same)
        {
            Assert.Throws<ArgumentException>(() => new ParameterMap([new(One, One), new(key, One)]));
            Assert.Throws<ArgumentException>(
                () => new ParameterMap([new(new ParameterTuple([One]), One), new(new ParameterTuple([key]), One)]));
        }

        var distinct = new ParameterMap(
        [
            new(One, One), new(new ParameterText("1"), One), new(new ParameterBytes("1"u8.ToArray()), One),
            new(new ParameterFloat(1.5), One),
            new(ParameterNil.Instance, One), new(new ParameterTuple([One]), One), new(ParameterInteger.From(BigInteger.One << 70), One),
            new(new ParameterFloat(double.NaN), One), new(ParameterScalar.Create(Complex.One), One),
            new(new ParameterInteger(long.MaxValue), One),
        ]);
        Assert.Equal(10, distinct.Count);
        Assert.True(distinct.TryGetValue(new ParameterFloat(Math.Pow(2, 70)), out _));
        Assert.False(distinct.TryGetValue("2", out _));
    }

    [Fact]
    public void Map_KeysThatPythonCannotHash_AreRefused()
    {
        var array = new ParameterTensorValue(ParameterTensor.FromArray(new float[1]));
        ParameterValue[] unhashable =
        [
            new ParameterList([]), ParameterMap.Empty, array, new ParameterVector(Wire.Map(("a", array))),
            new ParameterTuple([new ParameterList([])]),
        ];

        Assert.All(unhashable, key => Assert.Throws<ArgumentException>(() => new ParameterMap([new(key, One)])));
        Assert.Equal(1, new ParameterMap([new(new ParameterTensorValue(array.Tensor.WithKind(TensorKind.TorchTensor)), One)]).Count);
    }

    [Fact]
    public void Values_WithTheSameContent_AreEqual()
    {
        static ParameterValue Make() => Wire.Map(
            ("list", new ParameterList([new ParameterFloat(0.5), new ParameterBytes(new byte[] { 1, 2 })])),
            ("tuple", new ParameterTuple([ParameterScalar.Create(2.5), ParameterNil.Instance])));

        Assert.Equal(Make(), Make());
        Assert.Equal(Make().GetHashCode(), Make().GetHashCode());
        Assert.NotEqual<ParameterValue>(new ParameterList([One]), new ParameterTuple([One]));
        Assert.NotEqual<ParameterValue>(new ParameterList([One]), new ParameterList([new ParameterFloat(1)]));
        Assert.NotEqual(Wire.Map(("a", One), ("b", One)), Wire.Map(("b", One), ("a", One)));
        Assert.NotEqual(new ParameterBytes(new byte[] { 1 }), new ParameterBytes(new byte[] { 2 }));
    }

    [Fact]
    public void Values_MadeFromCollections_KeepACopy()
    {
        var items = new List<ParameterValue> { One };
        var list = new ParameterList(items);
        var tuple = new ParameterTuple(items);

        items.Add(One);

        Assert.Single(list.Items);
        Assert.Single(tuple.Items);
        Assert.Throws<ArgumentException>(() => new ParameterList([null!]));
        Assert.Throws<ArgumentException>(() => new ParameterMap([new(One, null!)]));
    }

    [Fact]
    public void IntegerFrom_AnySize_ChoosesTheType()
    {
        Assert.IsType<ParameterInteger>(ParameterInteger.From(long.MaxValue));
        Assert.IsType<ParameterInteger>(ParameterInteger.From(new BigInteger(long.MinValue)));
        Assert.IsType<ParameterBigInteger>(ParameterInteger.From(new BigInteger(ulong.MaxValue)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ParameterBigInteger(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => ParameterInteger.From(new BigInteger(long.MinValue) - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ParameterInteger.From(BigInteger.One << (8 * ParameterBigInteger.MaximumBytes)));
    }

    [Fact]
    public void Vector_OfNothingOrOfDifferentKinds_IsRefused()
    {
        ParameterTensor array = ParameterTensor.FromArray(new float[1]);

        Assert.Throws<ArgumentException>(() => ParameterVector.From([]));
        Assert.Throws<ArgumentException>(() => ParameterVector.From([new("a", array), new("b", array.WithKind(TensorKind.TorchTensor))]));
        Assert.Throws<ArgumentException>(() => new ParameterVector(Wire.Map(("a", One))));
    }

    [Fact]
    public void Scalar_OfEachType_KeepsItsValue()
    {
        Assert.Equal(-2.5, ParameterScalar.Create(-2.5).GetValue<double>());
        Assert.Equal((Half)0.5, ParameterScalar.Create((Half)0.5).GetValue<Half>());
        Assert.Equal(new Complex(1, -1), ParameterScalar.Create(new Complex(1, -1)).GetValue<Complex>());
        Assert.Throws<InvalidOperationException>(() => ParameterScalar.Create(1L).GetValue<double>());
        Assert.Throws<ArgumentException>(() => new ParameterScalar(TensorElementType.Float32, new byte[8]));
    }

    [Fact]
    public void MapPaths_WithAPeersText_CannotForgeLogLines()
    {
        byte[] bytes = [0x81, .. Wire.Text("a\nb\r"), .. Wire.Array("float32", 4, 0x91, 2)];

        string message = Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Read(bytes)).Message;

        Assert.Contains("'a?b?'", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
