using System.Numerics;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

public sealed class UpdateDistanceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1025)]
    [InlineData(200_003)]
    public void ToGlobal_EveryElementType_IsTheEuclideanNormOfTheDifference(int length)
    {
        Check<float>(length, 1e-12);
        Check<double>(length, 1e-12);
        Check<Half>(length, 1e-12);
    }

    [Fact]
    public void ToGlobal_SeveralTensors_IsTheNormOverAllFloatingPointOnes()
    {
        var global = new ModelParameters
        {
            ["a"] = ParameterTensor.FromArray(new float[] { 1 }),
            ["n"] = ParameterTensor.FromArray(new long[] { 5 }),
            ["b"] = ParameterTensor.FromArray(new double[] { 2 }),
        };
        var update = new ModelParameters
        {
            ["b"] = ParameterTensor.FromArray(new double[] { 6 }),
            ["a"] = ParameterTensor.FromArray(new float[] { 4 }),
            ["n"] = ParameterTensor.FromArray(new long[] { 500 }),
        };

        Assert.Equal(5, UpdateDistance.ToGlobal(update, global, Token));
    }

    [Fact]
    public void ToGlobal_FloatsAtTheEndsOfTheirRange_DoNotOverflow()
    {
        var global = new ModelParameters { ["a"] = ParameterTensor.FromArray(Enumerable.Repeat(float.MinValue, 9).ToArray()) };
        var update = new ModelParameters { ["a"] = ParameterTensor.FromArray(Enumerable.Repeat(float.MaxValue, 9).ToArray()) };

        Assert.Equal(6.0 * float.MaxValue, UpdateDistance.ToGlobal(update, global, Token), 1e25);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void ToGlobal_AnElementThatIsNotFinite_IsSeenWhereverItStands(float bad)
    {
        for (int i = 0; i < 11; i++)
        {
            var values = new float[11];
            values[i] = bad;

            Assert.False(double.IsFinite(UpdateDistance.ToGlobal(
                new() { ["a"] = ParameterTensor.FromArray(values) }, new() { ["a"] = ParameterTensor.FromArray(new float[11]) }, Token)));
        }
    }

    private static void Check<T>(int length, double tolerance)
        where T : unmanaged, INumberBase<T>
    {
        var random = new Random(length);
        T[] w = [.. Enumerable.Range(0, length).Select(_ => T.CreateChecked(random.NextDouble()))];
        T[] g = [.. Enumerable.Range(0, length).Select(_ => T.CreateChecked(random.NextDouble()))];
        decimal square = 0;
        for (int i = 0; i < length; i++)
        {
            decimal difference = (decimal)(double.CreateChecked(w[i]) - double.CreateChecked(g[i]));
            square += difference * difference;
        }

        double expected = Math.Sqrt((double)square);
        double distance = UpdateDistance.ToGlobal(new() { ["w"] = ParameterTensor.FromArray(w) }, new() { ["w"] = ParameterTensor.FromArray(g) }, Token);
        Assert.Equal(expected, distance, (tolerance * expected) + 1e-300);
    }
}
