using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

public sealed class FedAvgBitsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Combine_FedAvgOfFloats_HasTheBitsOfTheNaiveTwoRoundingLoop()
    {
        // more than two blocks, and weights that are no powers of two
        const int Length = 150_001;
        var random = new Random(7);
        float[][] values = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, Length).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray())];
        long[] samples = [3, 10, 7];
        NodeUpdate[] updates = [.. values.Select((v, i) => Update($"n{i}", samples[i], ParameterTensor.FromArray(v)))];

        ModelParameters result = Combine(updates);

        float[] expected = new float[Length];
        for (int n = 0; n < 3; n++)
        {
            float share = (float)(samples[n] / 20.0);
            for (int i = 0; i < Length; i++)
            {
                float product = share * values[n][i];
                expected[i] = expected[i] + product;
            }
        }

        Assert.True(result["w"].AsSpan<float>().SequenceEqual(expected));
    }

    [Fact]
    public void Combine_OneNode_IsTheIdentity()
    {
        NodeUpdate update = Update("only", 17, ParameterTensor.FromArray(new[] { 0.1, -2.5e300, 3e-300 }));

        Assert.Equal([0.1, -2.5e300, 3e-300], Combine(update)["w"].AsSpan<double>().ToArray());
    }

    [Fact]
    public void Combine_WeightsTimesTen_SameBits()
    {
        ParameterTensor a = ParameterTensor.FromArray(new[] { 0.1f, 0.7f }), b = ParameterTensor.FromArray(new[] { 0.3f, -1f });

        ModelParameters once = Combine(Update("a", 3, a), Update("b", 4, b));
        ModelParameters tenfold = Combine(Update("a", 30, a), Update("b", 40, b));

        Assert.True(once["w"].AsSpan<float>().SequenceEqual(tenfold["w"].AsSpan<float>()));
    }

    [Fact]
    public void Combine_Integers_WeightedMeanRoundedToTheNearestTiesToEven()
    {
        ModelParameters result = Combine(
            Update("a", 1, ParameterTensor.FromArray(new long[] { 10, 1, 2, -1 })), Update("b", 1, ParameterTensor.FromArray(new long[] { 11, 4, 3, -2 })));

        Assert.Equal([10, 2, 2, -2], result["w"].AsSpan<long>().ToArray());
    }

    [Fact]
    public void Combine_Booleans_WeightedMajorityWithTiesTrue()
    {
        ModelParameters result = Combine(
            Update("a", 2, ParameterTensor.FromArray(new[] { true, false, true })),
            Update("b", 1, ParameterTensor.FromArray(new[] { true, true, false })),
            Update("c", 1, ParameterTensor.FromArray(new[] { false, true, false })));

        Assert.Equal([true, true, true], result["w"].AsSpan<bool>().ToArray());
    }

    [Fact]
    public void Combine_TorchTensor_KeepsTheKindOfTheGlobalModel()
    {
        ParameterTensor torch = ParameterTensor.FromArray(new[] { 1f }).WithKind(TensorKind.TorchTensor);

        Assert.Equal(TensorKind.TorchTensor, Combine(Update("a", 1, torch))["w"].Kind);
    }

    [Fact]
    public void Combine_ComplexTensor_IsRefusedNamingTheTensor()
    {
        ParameterTensor complex = ParameterTensor.FromBytes(TensorElementType.Complex64, [1], new byte[8]);

        AggregationException thrown = Assert.Throws<AggregationException>(() => Combine(Update("a", 1, complex)));

        Assert.Equal(FedJobErrorCode.AggregationFailed, thrown.Code);
        Assert.Contains("'w'", thrown.Message, StringComparison.Ordinal);
    }

    private static ModelParameters Combine(params NodeUpdate[] updates) => AggregationRun.Combine(
        new FedAvg(), new AggregationContext { Round = 0, Global = updates[0].Parameters, Updates = updates }, Token);

    private static NodeUpdate Update(string nodeId, long samples, ParameterTensor w) =>
        new() { NodeId = nodeId, SampleCount = samples, Parameters = new ModelParameters { ["w"] = w } };
}
