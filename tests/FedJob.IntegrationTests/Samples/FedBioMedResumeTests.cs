using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.IntegrationTests.Samples;

/// <summary>The command-line researcher going on where an earlier run ended.</summary>
public sealed class FedBioMedResumeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ResumeAfterKillInMidRound_GoesOnInTheSameRoundWithTheSameResult()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        string work = bench.Options["--work"] = bench.PathOf("work");
        bench.Nodes[0].Answers = 1;
        using (var killed = ResearcherProcess.Start(bench.Words))
        {
            await bench.Nodes[0].Unanswered.Task.WaitAsync(TestTimeouts.Default, Token);
            await killed.SignalAsync("KILL");
            await killed.EndAsync();
        }

        bench.Nodes[0].Answers = int.MaxValue;
        await bench.Federation.FedBioMedNodes[0].RestartAsync(Token);
        (int exitCode, string output, string error) = await ResearcherProcess.RunAsync(Resume(bench, work));

        Assert.True(exitCode == 0, error);
        JsonElement[] rounds = [.. FedBioMedTests.Lines(output).Where(l => l.GetProperty("event").GetString() == "round")];
        Assert.Equal([1, 2], rounds.Select(r => r.GetProperty("round").GetInt32()));
        Assert.Equal(3, FedBioMedTests.EndOf(output).GetProperty("rounds").GetInt32());
        using ModelParameters final = AggregatedParametersFile.Open(bench.Out);
        Assert.Equal([10f, 11, 12], final["weight"].AsSpan<float>().ToArray());
    }

    [Fact]
    public async Task Run_ResumeWithMoreRounds_GoesOnFromTheEnd()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        string work = bench.Options["--work"] = bench.PathOf("work");
        await ResearcherProcess.RunAsync(bench.Words);
        bench.Options["--rounds"] = "4";
        bench.Options["--resume"] = work;

        (int exitCode, string output, string error) = await ResearcherProcess.RunAsync(bench.Words);

        Assert.True(exitCode == 0, error);
        JsonElement round = Assert.Single(FedBioMedTests.Lines(output), l => l.GetProperty("event").GetString() == "round");
        Assert.Equal(3, round.GetProperty("round").GetInt32());
        using ModelParameters final = AggregatedParametersFile.Open(bench.Out);

        // A third and two thirds are no float32 numbers; the first three rounds happen to hide that.
        Assert.Equal([13f, 14, 15], final["weight"].AsSpan<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public async Task Run_ResumeOfAnotherPlanOrOfNothing_EndsWithOneAndSaysWhy()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        string work = bench.Options["--work"] = bench.PathOf("work");
        await ResearcherProcess.RunAsync(bench.Words);

        bench.Options["--plan"] = bench.Write("other.py", "class Plan:\n    other = 1\n");
        await ExpectWrongAsync([.. bench.Words, "--resume", work], "--plan");
        bench.Options.Remove("--plan");
        bench.Options["--class"] = "Other";
        await ExpectWrongAsync([.. bench.Words, "--resume", work], "--class");
        await ExpectWrongAsync(Resume(bench, bench.PathOf("nowhere")), "does not exist");
    }

    [Fact]
    public async Task Run_WorkDirectoryOfAnEarlierRun_IsNotMixedWithANewOne()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Options["--work"] = bench.PathOf("work");
        await ResearcherProcess.RunAsync(bench.Words);

        await ExpectWrongAsync(bench.Words, "--resume");
    }

    private static string[] Resume(FedBioMedBench bench, string directory) =>
    [
        "--broker", bench.Options["--broker"], "--repository", bench.Options["--repository"], "--rounds", bench.Options["--rounds"],
        "--out", bench.Out, "--resume", directory, "--json",
    ];

    private static async Task ExpectWrongAsync(IEnumerable<string> words, string said)
    {
        (int exitCode, string output, string error) = await ResearcherProcess.RunAsync(words);

        Assert.True(exitCode == 1, error);
        Assert.Contains(said, FedBioMedTests.EndOf(output).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
