using FedJob.Abstractions;

namespace FedJob.Tests.Abstractions;

public sealed class GradientCorrectionTests
{
    private static readonly ModelParameters Start = new() { ["w"] = ParameterTensor.FromArray(new[] { 1.0, 2.0 }), ["b"] = ParameterTensor.FromArray(new[] { 3.0 }) };

    [Fact]
    public void Apply_NothingAskedFor_LeavesTheGradient()
    {
        var correction = GradientCorrection.Begin(Context(), Start);
        double[] gradient = [0.5, -0.5];

        correction.Apply<double>("w", [7, 7], gradient);

        Assert.True(correction.IsNone);
        Assert.Equal([0.5, -0.5], gradient);
    }

    [Fact]
    public void Apply_ProximalTermAndCorrection_AddsTheOneAndTakesTheOther()
    {
        var correction = GradientCorrection.Begin(Context(mu: 2, new() { ["w"] = ParameterTensor.FromArray(new[] { 0.25, -1.0 }) }), Start);
        double[] w = [0.5, -0.5], b = [1];

        correction.Apply<double>("w", [1.5, 1], w);
        correction.Apply<double>("b", [4], b);

        Assert.Equal([0.5 + (2 * 0.5) - 0.25, -0.5 + (2 * -1) + 1], w);
        Assert.Equal([1 + (2 * 1.0)], b);
    }

    [Fact]
    public void Begin_CorrectionOfAnotherModel_IsRefusedNamingTheTensor()
    {
        foreach (ModelParameters alien in (ModelParameters[])
        [
            new() { ["other"] = ParameterTensor.FromArray(new[] { 0.0 }) },
            new() { ["w"] = ParameterTensor.FromArray(new[] { 0.0 }) },
            new() { ["w"] = ParameterTensor.FromArray(new[] { 0f, 0f }) },
        ])
        {
            FedJobException refused = Assert.Throws<FedJobException>(() => GradientCorrection.Begin(Context(0, alien), Start));
            Assert.Equal(FedJobErrorCode.ParametersMismatch, refused.Code);
            Assert.Contains($"'{alien.Names[0]}'", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Apply_LengthsThatDiffer_AreRefused()
    {
        var correction = GradientCorrection.Begin(Context(1), Start);

        Assert.Throws<ArgumentException>(() => correction.Apply<double>("w", [1], new double[2]));
        Assert.Throws<ArgumentException>(() => correction.Apply<double>("w", [1, 2], new double[1]));
    }

    private static TrainingContext Context(double? mu = null, ModelParameters? correction = null) => new()
    {
        Dataset = new FileDataset("none", "nowhere", 1),
        Samples = [0],
        TrainingArgs = new() { Epochs = 1, FedProxMu = mu },
        Round = 0,
        Seed = 0,
        AggregatorTensors = correction is null
            ? new Dictionary<string, ModelParameters>()
            : new Dictionary<string, ModelParameters> { [GradientCorrection.CorrectionArgument] = correction },
    };
}
