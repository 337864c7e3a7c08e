using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using FedJob.Abstractions;

namespace FedJob.Node.Execution;

/// <summary>
/// Calls code of a training plan. It may compute for hours without waiting once, so it gets a thread of its own and the pool stays free for
/// pings. What
/// it throws becomes a text here: an exception kept anywhere would keep the plan's assembly loaded.
/// </summary>
internal static class PlanCall
{
    /// <summary>Makes a call.</summary>
    /// <typeparam name="T">What the call returns; nothing of the plan's own.</typeparam>
    /// <param name="doing">What the plan does, for the error: "training", "restoring its state".</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Handed to the call.</param>
    /// <returns>The call's result.</returns>
    /// <exception cref="FedJobException">The plan threw an exception; the message has its type and message.</exception>
    /// <exception cref="OperationCanceledException">The plan stopped because it was cancelled.</exception>
    public static async Task<T> RunAsync<T>(string doing, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return Thread.CurrentThread.IsThreadPoolThread
                ? await OnOwnThreadAsync(call, cancellationToken).ConfigureAwait(false)
                : await call(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (FedJobException e)
        {
            // One of ours (the plan's constructor, its parameter file): its message says enough; what is inside it may be the plan's.
            throw new FedJobException(e.Code, e.Message);
        }
        catch (Exception e)
        {
            throw new FedJobException(FedJobErrorCode.TrainingPlanFailed, $"The training plan failed while {doing}: {Describe(e)}");
        }
    }

    /// <summary>Makes a call that returns nothing.</summary>
    /// <param name="doing">What the plan does, for the error.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Handed to the call.</param>
    /// <returns>A task that ends with the call.</returns>
    /// <exception cref="FedJobException">The plan threw an exception.</exception>
    /// <exception cref="OperationCanceledException">The plan stopped because it was cancelled.</exception>
    public static async Task RunAsync(string doing, Func<CancellationToken, ValueTask> call, CancellationToken cancellationToken) =>
        await RunAsync(
            doing,
            async token =>
            {
                await call(token).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);

    [SuppressMessage("Reliability", "CA2008:Do not create tasks without passing a TaskScheduler", Justification = "It is passed.")]
    private static Task<T> OnOwnThreadAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken) =>
        Task.Factory
        .StartNew(
            () => call(cancellationToken).AsTask(),
            CancellationToken.None,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default)
        .Unwrap();

    private static string Describe(Exception e)
    {
        Exception cause = e is TargetInvocationException or TypeInitializationException && e.InnerException is { } inner ? inner : e;
        return $"{cause.GetType().Name}: {cause.Message}";
    }
}
