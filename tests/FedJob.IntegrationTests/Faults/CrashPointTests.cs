using System.Diagnostics;
using System.Globalization;
using FedJob.IntegrationTests.Storage;
using FedJob.Testing.Faults;

namespace FedJob.IntegrationTests.Faults;

/// <summary>
/// A researcher that is killed as by kill -9 at every step of a round and at every write of a checkpoint, and started again: the same round goes on, nobody
/// trains a request twice, and the parameters at the end are those of an uninterrupted run, bit for bit. With <c>FEDJOB_ALL_CRASH_POINTS=1</c> every point
/// is tried, otherwise a choice of each kind.
/// </summary>
public sealed class CrashPointTests(CrashBench bench, ITestOutputHelper output) : IClassFixture<CrashBench>
{
    private const int JournalBefore = 1050;
    private const int JournalAfter = 1051;
    private const int RequestSent = 1112;
    private const int AtATime = 3;
    private const int MostStepsMissing = 3;

    private static readonly int[] CheckpointEvents = [1060, 1061, 1062, 1063];

    private static bool All => Environment.GetEnvironmentVariable("FEDJOB_ALL_CRASH_POINTS") is { Length: > 0 } and not "0";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("fault", "12")]
    public async Task RunRoundAsync_KilledAtEachStepOfARound_TheSameRoundGoesOnBitForBit()
    {
        // The journal: making the job, then of each round its begin, replies, verdicts and commit, before and after each is written; then the other events.
        (int EventId, int Number)[] points =
        [
            .. Spread(JournalBefore, 9),
            .. Spread(JournalAfter, 9),
            .. Spread(RequestSent, 3),
            .. bench.PointsById.Select(g => g.Key).Except([JournalBefore, JournalAfter, RequestSent, .. CheckpointEvents]).SelectMany(id => Spread(id, 1)),
        ];

        Assert.True(points.Length >= 20, $"only {points.Length} points");
        await TryAsync(points);
    }

    [Fact]
    [Trait("fault", "12")]
    public async Task SaveCheckpointAsync_KilledAtEachWrite_NoPartialCheckpointUnderItsNameAndTheJobGoesOn()
    {
        int files = bench.CountOf(1061) / 2;
        (int EventId, int Number)[] points = All
            ? [.. CheckpointEvents.SelectMany(id => Spread(id, int.MaxValue))]
            : [.. Enumerable.Range(1, files).Select(n => (n % 2 == 0 ? 1060 : 1061, n)), (1062, 1), (1063, 2)];

        Assert.True(files >= 5, $"a checkpoint of {files} files");
        await TryAsync(points);
    }

    private IEnumerable<(int EventId, int Number)> Spread(int eventId, int most)
    {
        int count = bench.CountOf(eventId);
        int chosen = All ? count : Math.Min(count, most);
        return Enumerable.Range(0, chosen).Select(i => (eventId, chosen == 1 ? (count + 1) / 2 : 1 + (i * (count - 1) / (chosen - 1)))).Distinct();
    }

    private async Task TryAsync((int EventId, int Number)[] points)
    {
        int killed = 0;
        await Parallel.ForEachAsync(points, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = Token }, async (point, _) =>
        {
            try
            {
                await TryAsync(point.EventId, point.Number);
                Interlocked.Increment(ref killed);
            }
            catch (Exception failed) when (failed is not OperationCanceledException)
            {
                CrashPoint kind = bench.Uninterrupted.Points.First(p => p.EventId == point.EventId);
                throw new InvalidOperationException($"Killed at event {point.EventId}, number {point.Number} (\"{kind.Template}\"): {failed.Message}", failed);
            }
        });
        output.WriteLine($"{killed} of {points.Length} crash points: same parameters, no training twice");
    }

    private async Task TryAsync(int eventId, int number)
    {
        using var scratch = new ScratchDirectory();
        long begun = Stopwatch.GetTimestamp();
        ResearcherEnd killed = await KillAsync(scratch, eventId, number);
        AssertWhole(scratch.PathOf("checkpoints"));

        TimeSpan killedAfter = Stopwatch.GetElapsedTime(begun);
        ResearcherEnd resumed = await bench.RunAsync(scratch);
        output.WriteLine(
            $"event {eventId}, number {number}: killed in round {killed.LastBegun} after {killedAfter.TotalSeconds:0.0} s, "
            + $"resumed in {resumed.ResumedAt}, ended after {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");

        Assert.True(resumed.ExitCode == 0, $"before: {killed}\nresumed: {resumed}");
        Assert.Equal(bench.Uninterrupted.Sha256, resumed.Sha256);
        AssertWhole(scratch.PathOf("checkpoints"));
        if (resumed.ResumedAt is { } round)
        {
            Assert.InRange(round, (killed.LastEnded ?? -1) + 1, (killed.LastBegun ?? -1) + 1);
        }

        IReadOnlyList<string> trainings = bench.Ledger.TrainingsOf(resumed.Job!);
        Assert.True(trainings.Count == CrashBench.Nodes * CrashBench.Rounds, $"{trainings.Count} trainings\nbefore: {killed}\nresumed: {resumed}");
        Assert.Equal(trainings.Count, trainings.Distinct(StringComparer.Ordinal).Count());
        Assert.All(trainings, request => Assert.InRange(bench.Ledger.RepeatsOf(request), 0, 1));
    }

    /// <summary>
    /// Runs a researcher to its end at a step. A slow run has a step or two more than a quick one, for the journal keeps the time at intervals: where the
    /// uninterrupted run was such a one its last steps may not come again, and the step before is tried.
    /// </summary>
    private async Task<ResearcherEnd> KillAsync(ScratchDirectory scratch, int eventId, int number)
    {
        for (int step = number; ; step--)
        {
            ResearcherEnd end = await bench.RunAsync(
                scratch, "--event", eventId.ToString(CultureInfo.InvariantCulture), "--crash-at", step.ToString(CultureInfo.InvariantCulture));
            if (end.WasKilled)
            {
                return end;
            }

            Assert.True(end.ExitCode == 0 && end.Sha256 == bench.Uninterrupted.Sha256, $"it was to be killed: {end}");
            Assert.True(step > Math.Max(1, number - MostStepsMissing), $"it was to be killed, and had no step {step} nor a later one: {end}");
            Directory.Delete(scratch.Root, recursive: true);
            Directory.CreateDirectory(scratch.Root);
        }
    }

    /// <summary>Whatever has a checkpoint's name has its manifest, which is written last.</summary>
    private static void AssertWhole(string checkpoints)
    {
        if (Directory.Exists(checkpoints))
        {
            Assert.All(
                Directory.GetDirectories(checkpoints).Where(d => !Path.GetFileName(d).StartsWith('.')),
                d => Assert.True(File.Exists(Path.Combine(d, "checkpoint.json")), d));
        }
    }
}
