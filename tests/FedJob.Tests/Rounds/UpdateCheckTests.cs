using FedJob.Abstractions;
using FedJob.Rounds;

namespace FedJob.Tests.Rounds;

public sealed class UpdateCheckTests
{
    private static readonly ModelParameters Global = new()
    {
        ["w"] = ParameterTensor.FromArray(new float[6], 2, 3),
        ["n"] = ParameterTensor.FromArray(new long[1]),
    };

    [Fact]
    public void Describe_SoundUpdate_FindsNothing() => Assert.Null(UpdateCheck.Describe(With(new float[6]), Global));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Describe_NotFinite_NamesTheFirstElement(float bad)
    {
        Assert.Contains("'w' holds NaN or infinity at element 4 of 6", UpdateCheck.Describe(With([0, 1, 2, 3, bad, bad]), Global), StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_NotFiniteInALaterBlock_NamesItsIndex()
    {
        var values = new double[200_000];
        var global = new ModelParameters { ["w"] = ParameterTensor.FromArray(new double[200_000]) };
        values[131_073] = double.NaN;

        Assert.Contains("element 131073 of 200000", UpdateCheck.Describe(new() { ["w"] = ParameterTensor.FromArray(values) }, global), StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_Measured_FindsWhatTheCheckAloneFinds()
    {
        Assert.Null(UpdateCheck.Describe(With([3, 0, 0, 0, 0, 4]), Global, out double distance));
        Assert.Equal(5, distance);
        string? flaw = UpdateCheck.Describe(With([0, float.NaN, 0, 0, 0, 0]), Global, out _);
        Assert.Contains("'w' holds NaN or infinity at element 1 of 6", flaw, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_FiniteButTooFarForADouble_IsSoundAndInfinitelyFar()
    {
        var global = new ModelParameters { ["w"] = ParameterTensor.FromArray(new double[2]) };
        var update = new ModelParameters { ["w"] = ParameterTensor.FromArray(new[] { 1e200, 0 }) };

        Assert.Null(UpdateCheck.Describe(update, global, out double distance));
        Assert.Equal(double.PositiveInfinity, distance);
    }

    [Fact]
    public void Describe_HalfPrecision_IsCheckedToo()
    {
        var global = new ModelParameters { ["w"] = ParameterTensor.FromArray(new Half[3]) };

        Assert.Null(UpdateCheck.Describe(new() { ["w"] = ParameterTensor.FromArray(new[] { Half.One, Half.MaxValue, Half.Epsilon }) }, global));
        Assert.NotNull(UpdateCheck.Describe(new() { ["w"] = ParameterTensor.FromArray(new[] { Half.One, Half.NaN, Half.One }) }, global));
    }

    [Fact]
    public void Describe_EmptyTensor_IsSound()
    {
        var empty = new ModelParameters { ["w"] = ParameterTensor.FromArray(Array.Empty<float>()) };

        Assert.Null(UpdateCheck.Describe(empty, empty));
    }

    [Fact]
    [Trait("input", "11")]
    public void Describe_OtherShapeTypeOrKind_NamesExpectedAndGot()
    {
        Contains(new() { ["w"] = ParameterTensor.FromArray(new float[6], 3, 2), ["n"] = Global["n"] }, "'w'", "[2, 3]", "[3, 2]");
        Contains(new() { ["w"] = ParameterTensor.FromArray(new double[6], 2, 3), ["n"] = Global["n"] }, "'w'", "Float32", "Float64");
        Contains(new() { ["w"] = Global["w"].WithKind(TensorKind.TorchTensor), ["n"] = Global["n"] }, "'w'", "NumPyArray", "TorchTensor");
    }

    [Fact]
    [Trait("input", "11")]
    public void Describe_MissingExtraOrRenamed_NamesTheTensor()
    {
        Contains(new() { ["w"] = Global["w"] }, "'n' is missing");
        Contains(new() { ["w"] = Global["w"], ["n"] = Global["n"], ["x"] = Global["n"] }, "'x'", "not part of the model");
        Contains(new() { ["W"] = Global["w"], ["n"] = Global["n"] }, "'w' is missing");
    }

    private static ModelParameters With(float[] weights) => new() { ["w"] = ParameterTensor.FromArray(weights, 2, 3), ["n"] = Global["n"] };

    private static void Contains(ModelParameters update, params string[] parts)
    {
        string? flaw = UpdateCheck.Describe(update, Global);
        Assert.All(parts, p => Assert.Contains(p, flaw, StringComparison.Ordinal));
    }
}
