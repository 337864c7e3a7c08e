using System.Diagnostics;
using FedJob.Abstractions;
using FedJob.Journal;
using FedJob.Rounds;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Rounds;

/// <summary>
/// A job is made, runs a round and is saved, and is interrupted at each step of that, every call outwards hanging from there on: it ends without waiting for
/// time to pass, nothing of it is left, and it goes on where it was.
/// </summary>
public sealed class InterruptionAtEachStepTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => JobBench.Token;

    [Fact]
    [Trait("fault", "14")]
    public async Task RunRoundAsync_CancelledAtEachStep_LeavesNothingAndTheSameRoundGoesOn()
    {
        await AtEachAsync(RoundStepsAsync, least: 20, async (bench, step) =>
        {
            await using Job job = await bench.CreateAsync(Token);
            using var cancel = new CancellationTokenSource();
            (Uri url, string path) = (job.ParametersUrl, job.ParametersPath);
            Interrupt(bench, step, () => cancel.Cancel());

            bool completed = await EndsAsync<OperationCanceledException>(() => job.RunRoundAsync(new(), cancel.Token));

            AssertNothingLeft(bench, job, subscriptions: 1);
            Assert.Equal(completed ? 1 : 0, job.Round);
            Assert.Equal(!completed, (job.ParametersUrl, job.ParametersPath) == (url, path));
            await GoesOnAsync(bench, job);
        });
    }

    [Fact]
    [Trait("fault", "14")]
    public async Task DisposeAsync_TwiceAtEachStepOfARound_EndsItAndTheJobCanBeResumed()
    {
        await AtEachAsync(RoundStepsAsync, least: 20, async (bench, step) =>
        {
            Job job = await bench.CreateAsync(Token);
            var disposals = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
            Interrupt(bench, step, () => disposals.SetResult(Task.WhenAll(job.DisposeAsync().AsTask(), job.DisposeAsync().AsTask())));

            await EndsAsync<ObjectDisposedException>(() => job.RunRoundAsync(new(), Token));
            await (await disposals.Task.WaitAsync(Bound, Token)).WaitAsync(Bound, Token);
            await job.DisposeAsync();

            AssertNothingLeft(bench, job, subscriptions: 0);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => job.RunRoundAsync(new(), Token));
            (bench.Hangs, bench.OnStep) = (false, _ => { });
            await using Job resumed = await bench.ReopenAsync();
            await GoesOnAsync(bench, resumed);
        });
    }

    [Fact]
    [Trait("fault", "14")]
    public async Task CreateAsync_CancelledAtEachStep_LeavesTheDirectoryAsItWasFound()
    {
        await AtEachAsync(StepsOfAsync(_ => Task.CompletedTask), least: 4, async (bench, step) =>
        {
            using var cancel = new CancellationTokenSource();
            Interrupt(bench, step, () => cancel.Cancel());
            Job? made = null;

            bool completed = await EndsAsync<OperationCanceledException>(async () => made = await bench.CreateAsync(cancel.Token));
            await (made?.DisposeAsync() ?? ValueTask.CompletedTask);

            Assert.Equal((string.Empty, 0), (bench.Left, bench.Subscriptions));
            Assert.True(completed || Directory.GetFileSystemEntries(bench.Bench.WorkDirectory).Length == 0, string.Join(' ', Directory.GetFileSystemEntries(bench.Bench.WorkDirectory)));
        });
    }

    [Fact]
    [Trait("fault", "14")]
    public async Task SaveCheckpointAsync_CancelledAtEachStep_LeavesAWholeCheckpointOrNone()
    {
        using var folder = new FedJob.Tests.Node.TemporaryFolder();
        int number = 0;
        string target = string.Empty;
        await AtEachAsync(StepsOfAsync(job => job.SaveCheckpointAsync(folder.At("first"), cancellationToken: Token)), least: 8, async (bench, step) =>
        {
            await using Job job = await bench.CreateAsync(Token);
            using var cancel = new CancellationTokenSource();
            target = folder.At($"of_step_{number++}");
            string[] before = Directory.GetFileSystemEntries(folder.Path);
            Interrupt(bench, step, () => cancel.Cancel());

            bool completed = await EndsAsync<OperationCanceledException>(() => job.SaveCheckpointAsync(target, cancellationToken: cancel.Token));

            string[] expected = completed ? [.. before, target] : before;
            Assert.Equal(expected.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(folder.Path).Order(StringComparer.Ordinal));
            AssertNothingLeft(bench, job, subscriptions: 1);
        });
    }

    [Theory]
    [Trait("fault", "14")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunRoundAsync_InterruptedWhileNodesArePinged_LeavesNothing(bool disposed)
    {
        using var bench = new SteppedJob();
        await using Job job = await bench.CreateAsync(Token);
        using var cancel = new CancellationTokenSource();
        Task silent = bench.Bench.SilenceAsync(2);
        var ending = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        Interrupt(bench, ("ping", 0), () => ending.SetResult(disposed ? job.DisposeAsync().AsTask() : cancel.CancelAsync()));

        Task<RoundResult> round = job.RunRoundAsync(new(), cancel.Token);
        await silent.WaitAsync(Bound, Token);
        await bench.Bench.Time.PassAsync(SteppedJob.PingInterval);
        await Assert.ThrowsAnyAsync<Exception>(() => round.WaitAsync(Bound, Token));
        await (await ending.Task).WaitAsync(Bound, Token);
        await job.DisposeAsync();

        Assert.True(disposed ? round.Exception?.InnerException is ObjectDisposedException : round.IsCanceled, $"{round.Exception}");
        AssertNothingLeft(bench, job, subscriptions: 0);
    }

    /// <summary>Has everything outside hang from a step on, and does something at that moment.</summary>
    private static void Interrupt(SteppedJob bench, (string, int) step, Action interrupt)
    {
        int first = 0;
        bench.OnStep = seen =>
        {
            if (seen == step && Interlocked.Exchange(ref first, 1) == 0)
            {
                bench.Hangs = true;
                interrupt();
            }
        };
    }

    /// <summary>Waits for the end, which may be a success where the step came too late to prevent it; the time of the fake clock stands still.</summary>
    private static async Task<bool> EndsAsync<TException>(Func<Task> run)
        where TException : Exception
    {
        try
        {
            await Task.Run(run).WaitAsync(Bound, Token);
            return true;
        }
        catch (TException)
        {
            return false;
        }
    }

    private static async Task GoesOnAsync(SteppedJob bench, Job job)
    {
        (bench.Hangs, bench.OnStep) = (false, _ => { });
        if (job.Round == 0)
        {
            int replied = JournalReader.Read(bench.Bench.WorkDirectory).Open?.Replies.Count ?? 0;
            int before = bench.Bench.Sent.Count;
            RoundResult result = await job.RunRoundAsync(new(), Token);
            Assert.Equal((0, RoundOutcome.Completed), (result.Round, result.Outcome));
            Assert.Equal(2 - replied, bench.Bench.Sent.Count - before);
        }

        Assert.Equal(1, job.Round);
        using ModelParameters parameters = job.OpenParameters();
        Assert.Equal([4f, 6f], parameters["w"].AsSpan<float>().ToArray());
    }

    private static void AssertNothingLeft(SteppedJob bench, Job job, int subscriptions)
    {
        Assert.Equal(string.Empty, bench.Left);
        Assert.Equal(subscriptions, bench.Subscriptions);
        Assert.Empty(job.AwaitedNodes);
        bench.OnStep = late => throw new InvalidOperationException($"{late.Name} came after the end");

        // The files of the job and of the replies that the journal holds, and no other.
        JournalledJob journal = JournalReader.Read(bench.Bench.WorkDirectory);
        string[] replies = [.. (journal.Open?.Replies ?? []).Select(r => r.File).OfType<string>().Order(StringComparer.Ordinal)];
        string[] folders = Directory.GetDirectories(bench.Bench.WorkDirectory);
        Assert.Equal(replies, folders.SelectMany(Directory.GetFiles).Order(StringComparer.Ordinal));
        Assert.True(folders.Length == 0 || replies.Length > 0, "an empty folder of a round");
        string[] parameters = Directory.GetFiles(bench.Bench.WorkDirectory, "aggregated_params_*");
        Assert.Equal(journal.Job.Document.Round + 1, parameters.Length);
        Assert.Empty(Directory.GetFiles(bench.Bench.WorkDirectory, "*.tmp"));
    }

    private async Task AtEachAsync(Func<Task<(string, int)[]>> find, int least, Func<SteppedJob, (string, int), Task> run)
    {
        (string Name, int Before)[] steps = await find();
        Assert.True(steps.Length >= least, $"only {steps.Length} steps: {string.Join(", ", steps)}");
        TimeSpan longest = TimeSpan.Zero;
        foreach ((string Name, int Before) step in steps)
        {
            using var bench = new SteppedJob();
            long began = Stopwatch.GetTimestamp();
            try
            {
                await run(bench, step);
            }
            catch (Exception failed)
            {
                throw new InvalidOperationException($"Interrupted at '{step.Name}', {step.Before} before: {failed.Message}", failed);
            }

            TimeSpan took = Stopwatch.GetElapsedTime(began);
            longest = took > longest ? took : longest;
        }

        output.WriteLine($"{steps.Length} steps, the longest {longest.TotalSeconds:0.00} s: {string.Join(", ", steps.Select(s => s.Name))}");
    }

    private static Task<(string, int)[]> RoundStepsAsync() => StepsOfAsync(job => job.RunRoundAsync(new(), Token))();

    /// <summary>The steps of something that a job does; with nothing to do, those of its making.</summary>
    private static Func<Task<(string, int)[]>> StepsOfAsync(Func<Job, Task> run) => async () =>
    {
        using var bench = new SteppedJob();
        await using Job job = await bench.CreateAsync(Token);
        int made = bench.Steps.Count;
        await run(job);
        return [.. bench.Steps.Count == made ? bench.Steps : bench.Steps.Skip(made)];
    };
}
