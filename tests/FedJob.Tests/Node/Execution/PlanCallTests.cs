using System.Reflection;
using FedJob.Abstractions;
using FedJob.Node.Execution;

namespace FedJob.Tests.Node.Execution;

public sealed class PlanCallTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_FromThePool_RunsOnAThreadOfItsOwn()
    {
        bool isPoolThread =
            await Task.Run(() => PlanCall.RunAsync("training", _ => ValueTask.FromResult(Thread.CurrentThread.IsThreadPoolThread), Token));

        Assert.False(isPoolThread);
    }

    [Fact]
    public async Task RunAsync_PlanThrows_ThrowsATextAndKeepsNothingOfThePlans()
    {
        var thrown = new TargetInvocationException(new InvalidOperationException("inner"));

        var exception = await Assert.ThrowsAsync<FedJobException>(() => PlanCall.RunAsync("training", Throw, Token));

        Assert.Equal(FedJobErrorCode.TrainingPlanFailed, exception.Code);
        Assert.Equal("The training plan failed while training: InvalidOperationException: inner", exception.Message);
        Assert.Null(exception.InnerException);

        ValueTask<int> Throw(CancellationToken token) => throw thrown;
    }

    [Fact]
    public async Task RunAsync_PlanThrowsCancellationOfItsOwn_IsAFailure()
    {
        var exception = await Assert.ThrowsAsync<FedJobException>(
            () => PlanCall.RunAsync<int>("training", _ => throw new OperationCanceledException("its own"), Token));

        Assert.Contains("its own", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_Cancelled_ThrowsCancellationOfTheCaller()
    {
        using var cancellation = new CancellationTokenSource();
        Task call = PlanCall.RunAsync<int>(
            "training",
            async token =>
            {
                await cancellation.CancelAsync();
                token.ThrowIfCancellationRequested();
                return 0;
            },
            cancellation.Token);

        var exception = await Assert.ThrowsAsync<OperationCanceledException>(() => call);

        Assert.Equal(cancellation.Token, exception.CancellationToken);
    }
}
