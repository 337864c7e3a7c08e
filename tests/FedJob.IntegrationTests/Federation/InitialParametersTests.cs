using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Federation;

public sealed class InitialParametersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CreateAsync_ParametersOfAnotherShape_RefusedNamingTensorExpectedAndGot()
    {
        LocalJobOptions options = Options();
        options.InitialParameters = new ModelParameters { ["mean"] = ParameterTensor.FromArray(new double[2]) };

        TrainingPlanException thrown = await Assert.ThrowsAsync<TrainingPlanException>(() => LocalJob.CreateAsync(options, cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.ParametersMismatch, thrown.Code);
        Assert.Contains("'mean': expected Float64[1], got Float64[2]", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateAsync_FittingParameters_TrainingStartsFromThem()
    {
        LocalJobOptions options = Options();
        options.InitialParameters = new ModelParameters { ["mean"] = ParameterTensor.FromArray(new[] { 8.0 }) };
        await using LocalJob job = await LocalJob.CreateAsync(options, cancellationToken: Token);

        LocalJobResult result = await job.TrainAsync(Token);

        Assert.Equal(5.0, result.Parameters["mean"].AsSpan<double>()[0]);
    }

    private static LocalJobOptions Options() => new()
    {
        TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
        Dataset = TestFederation.Dataset("local", 1, 2, 3).Data,
        TrainingArgs = new TrainingArgs { Epochs = 1 },
    };
}
