using CsCheck;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

public sealed class AggregationRunTests
{
    [Fact]
    public void Combine_FloatTensorsOverSeveralBlocks_AreBitExactWithTwoRoundings()
    {
        const int Length = (2 * 65_536) + 17;
        float[][] values = [.. Enumerable.Range(0, 5).Select(seed => Randoms(seed, Length))];
        long[] counts = [7, 152, 1, 33, 5_000];

        float[] combined = Combine(values, counts).AsSpan<float>().ToArray();

        double total = counts.Sum();
        for (int i = 0; i < Length; i++)
        {
            float expected = 0;
            for (int n = 0; n < counts.Length; n++)
            {
                float product = (float)(counts[n] / total) * values[n][i];
                expected += product;
            }

            Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(combined[i]));
        }
    }

    [Fact]
    public void Combine_DoubleTensors_AgreeWithADecimalReference() =>
        Gen.Select(Gen.Double[-1000, 1000].Array[1, 20], Gen.Double[-1000, 1000].Array[20], Gen.Long[1, 10_000], Gen.Long[1, 10_000])
            .Sample((a, b, n, m) =>
            {
                double[] second = b[..a.Length];
                ReadOnlySpan<double> combined = Combine([a, second], [n, m]).AsSpan<double>();
                for (int i = 0; i < a.Length; i++)
                {
                    decimal expected = (((decimal)a[i] * n) + ((decimal)second[i] * m)) / (n + m);
                    Assert.Equal((double)expected, combined[i], 1e-9);
                }
            });

    [Fact]
    public void Combine_HalfTensors_RoundShareProductAndSum()
    {
        Half[] a = [(Half)1.5, (Half)(-2), (Half)1000];
        Half[] b = [(Half)2.5, (Half)3, (Half)0.1];

        ReadOnlySpan<Half> combined = Combine([a, b], [1, 2]).AsSpan<Half>();

        for (int i = 0; i < a.Length; i++)
        {
            double exact = ((double)a[i] + (2 * (double)b[i])) / 3;
            Assert.Equal(exact, (double)combined[i], Math.Abs(exact) * 0.002);
        }
    }

    [Fact]
    public void Combine_OneNode_IsIdentity()
    {
        Assert.Equal([1.5f, -2.25f, float.MaxValue], Combine([new[] { 1.5f, -2.25f, float.MaxValue }], [17]).AsSpan<float>().ToArray());
        Assert.Equal([long.MaxValue, long.MinValue, (1L << 53) + 1], Combine([new[] { long.MaxValue, long.MinValue, (1L << 53) + 1 }], [17]).AsSpan<long>().ToArray());
        Assert.Equal([ulong.MaxValue], Combine([new[] { ulong.MaxValue }], [1_000_000_000_000]).AsSpan<ulong>().ToArray());
    }

    [Fact]
    public void Combine_CountsScaled_GiveTheSameBits()
    {
        float[][] values = [Randoms(1, 100), Randoms(2, 100), Randoms(3, 100)];

        Assert.Equal(
            Combine(values, [1, 2, 3]).AsSpan<float>().ToArray(), Combine(values, [1000, 2000, 3000]).AsSpan<float>().ToArray());
    }

    [Fact]
    public void Combine_Integers_AreTheWeightedMeanWithTiesToEven()
    {
        // Six equal shares whose mean is exactly 1.5, 0.5, -0.5, -1.5, 2.5: shares of a sixth are not exact in floating point.
        int[][] values = [[9, 3, -3, -9, 15], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]];

        Assert.Equal([2, 0, 0, -2, 2], Combine(values, [1, 1, 1, 1, 1, 1]).AsSpan<int>().ToArray());
        Assert.Equal([1], Combine([new[] { 0 }, [1]], [1, 2]).AsSpan<int>().ToArray());
    }

    [Fact]
    public void Combine_Integers_AgreeWithADecimalReference() =>
        Gen.Select(Gen.Int, Gen.Int, Gen.Int, Gen.Long[1, 1_000_000]).Sample((a, b, c, n) =>
        {
            decimal mean = (a + ((decimal)b * n) + ((decimal)c * 3)) / (n + 4);
            Assert.Equal((int)Math.Round(mean, MidpointRounding.ToEven), Combine([new[] { a }, [b], [c]], [1, n, 3]).AsSpan<int>()[0]);
        });

    [Fact]
    public void Combine_SmallAndUnsignedIntegers_KeepTheirType()
    {
        Assert.Equal([(byte)200], Combine([new[] { (byte)255 }, [(byte)145]], [1, 1]).AsSpan<byte>().ToArray());
        Assert.Equal([(sbyte)-128], Combine([new[] { (sbyte)-128 }, [(sbyte)-128]], [3, 4]).AsSpan<sbyte>().ToArray());
        Assert.Equal([(ushort)2], Combine([new[] { (ushort)1 }, [(ushort)3]], [1, 1]).AsSpan<ushort>().ToArray());
        Assert.Equal([(short)-2], Combine([new[] { (short)-1 }, [(short)-3]], [1, 1]).AsSpan<short>().ToArray());
        Assert.Equal([4u], Combine([new[] { 4u }, [4u]], [1, 1]).AsSpan<uint>().ToArray());
    }

    [Fact]
    public void Combine_Booleans_AreTheWeightedMajorityAndATieIsTrue() =>
        Assert.Equal(
            [true, false, true], Combine([new[] { true, false, true }, [true, true, false], [false, false, false]], [3, 1, 2]).AsSpan<bool>().ToArray());

    [Fact]
    public void Combine_IntegersAndBooleansOverSeveralBlocks_AreAllCombined()
    {
        int[] one = [.. Enumerable.Range(0, 70_000)];
        bool[] flags = [.. one.Select(i => i % 3 == 0)];

        Assert.Equal(one, Combine([one, one], [1, 5]).AsSpan<int>().ToArray());
        Assert.Equal(flags, Combine([flags, flags], [1, 5]).AsSpan<bool>().ToArray());
    }

    [Fact]
    public void Combine_Kinds_AreTheGlobalModels()
    {
        ModelParameters global = new() { ["w"] = ParameterTensor.FromArray(new float[1]).WithKind(TensorKind.TorchTensor), ["n"] = ParameterTensor.FromArray(new long[1]) };
        var updates = new[] { Update("node_1", 1, new() { ["w"] = ParameterTensor.FromArray(new[] { 3f }), ["n"] = ParameterTensor.FromArray(new[] { 4L }) }) };

        ModelParameters combined = AggregationRun.Combine(new FedAvg(), new() { Round = 0, Global = global, Updates = updates }, TestContext.Current.CancellationToken);

        Assert.Equal(["w", "n"], combined.Names);
        Assert.Equal([TensorKind.TorchTensor, TensorKind.NumPyArray], combined.Select(t => t.Value.Kind));
    }

    [Fact]
    public void Combine_ComplexTensor_IsRefusedNamingIt()
    {
        AggregationException refused = Assert.Throws<AggregationException>(() => Combine([new System.Numerics.Complex[1]], [1]));

        Assert.Contains("'t'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Combine_MoreSamplesThanCanBeWeighed_IsRefused() =>
        Assert.Throws<AggregationException>(() => Combine([new[] { 1 }, [2]], [long.MaxValue, long.MaxValue]));

    [Fact]
    public void Combine_Cancelled_Ends()
    {
        ModelParameters one = new() { ["t"] = ParameterTensor.FromArray(new float[1]) };

        Assert.Throws<OperationCanceledException>(() => AggregationRun.Combine(
            new FedAvg(), new() { Round = 0, Global = one, Updates = [Update("node_1", 1, one)] }, new CancellationToken(canceled: true)));
    }

    private static ParameterTensor Combine<T>(T[][] values, long[] counts)
        where T : unmanaged
    {
        NodeUpdate[] updates = [.. values.Select((v, i) => Update($"node_{i}", counts[i], new() { ["t"] = ParameterTensor.FromArray(v) }))];
        var context = new AggregationContext
        {
            Round = 0,
            Global = new() { ["t"] = ParameterTensor.FromArray(new T[values[0].Length]) },
            Updates = updates,
        };
        return AggregationRun.Combine(new FedAvg(), context, TestContext.Current.CancellationToken)["t"];
    }

    private static NodeUpdate Update(string node, long samples, ModelParameters parameters) =>
        new() { NodeId = node, SampleCount = samples, Parameters = parameters };

    private static float[] Randoms(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 20) - 10))];
    }
}
