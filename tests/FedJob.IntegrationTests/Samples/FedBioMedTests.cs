using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.IntegrationTests.Samples;

/// <summary>The command-line researcher, as its users meet it: a process, its output and its exit code.</summary>
public sealed class FedBioMedTests
{
    [Fact]
    public async Task Run_ThreeRounds_WritesTheWeightedMeanAndTellsEachRound()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();

        (int exitCode, string output, string error) = await ResearcherProcess.RunAsync([.. bench.Words, "--validate-last"]);

        Assert.True(exitCode == 0, error);
        JsonElement[] lines = Lines(output);
        Assert.Equal("search", Event(lines[0]));
        Assert.Equal(["node_1", "node_2"], lines[0].GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("node").GetString()));
        JsonElement[] rounds = [.. lines.Where(l => Event(l) == "round")];
        Assert.Equal([0, 1, 2, 3], rounds.Select(r => r.GetProperty("round").GetInt32()));
        Assert.Equal([true, true, true, false], rounds.Select(r => r.GetProperty("training").GetBoolean()));
        Assert.All(rounds, r => Assert.Equal("Completed", r.GetProperty("outcome").GetString()));
        Assert.Equal([10, 20], rounds[0].GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("sampleCount").GetInt32()));
        Assert.Equal(1, rounds[0].GetProperty("metrics").GetProperty("node_1").GetProperty("train").GetProperty("Loss").GetDouble());
        Assert.Equal(0.75, rounds[3].GetProperty("metrics").GetProperty("node_2").GetProperty("testOnGlobalUpdates").GetProperty("ACCURACY").GetDouble());
        Assert.Equal(8, lines.Count(l => Event(l) == "metric"));
        Assert.Equal("end", Event(lines[^1]));
        Assert.Equal(3, lines[^1].GetProperty("rounds").GetInt32());

        // Each round adds (10 * 1 + 20 * 4) / 30 = 3.
        using ModelParameters final = AggregatedParametersFile.Open(bench.Out);
        Assert.Equal([10f, 11, 12], final["weight"].AsSpan<float>().ToArray());
        Assert.Equal(TensorKind.TorchTensor, final["weight"].Kind);
    }

    [Fact]
    public async Task Run_OutputRedirectedWithoutJson_WritesPlainLines()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();

        (int exitCode, string output, string error) = await ResearcherProcess.RunAsync(bench.Words.SkipLast(1));

        Assert.True(exitCode == 0, error);
        Assert.Contains("round 2 (3 of 3): Completed, 2 of 2 node(s), 30 samples", output, StringComparison.Ordinal);
        Assert.DoesNotContain("error:", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM", 0)]
    [InlineData("INT", 0)]
    [InlineData("TERM", 2)]
    public async Task Run_SignalInMidRound_EndsCleanlyAndSaysHowToGoOn(string signal, int rounds)
    {
        Assert.SkipWhen(signal == "INT" && ResearcherProcess.InheritsIgnoredInterrupt(), "SIGINT is ignored where the tests were started, as in a background shell, and so by its children.");
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Nodes[0].Answers = rounds;

        using var researcher = ResearcherProcess.Start(bench.Words);
        await bench.Nodes[0].Unanswered.Task.WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken);
        await researcher.SignalAsync(signal);
        (int exitCode, string output, string error) = await researcher.EndAsync();

        Assert.Equal(130, exitCode);
        Assert.Contains($"{rounds} round", error, StringComparison.Ordinal);
        Assert.Equal("Cancelled", EndOf(output).GetProperty("error").GetProperty("code").GetString());
        Assert.False(File.Exists(bench.Out));
        AssertKept(EndOf(output), rounds, error, bench.Out);
    }

    [Fact]
    public async Task Run_RoundFailsAfterAnother_KeepsTheParametersInTheWorkDirectory()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Options["--work"] = bench.PathOf("work");
        bench.Options["--deadline"] = "0.5";
        bench.Nodes[1].Answers = 1;

        (int exitCode, string output, string error) = await ResearcherProcess.RunAsync(bench.Words);

        Assert.Equal(3, exitCode);
        AssertKept(EndOf(output), 1, error, bench.PathOf("work"));
        JsonElement failed = Lines(output).Last(l => Event(l) == "round");
        Assert.Equal("Failed", failed.GetProperty("outcome").GetString());
        Assert.Equal(["Succeeded", "TimedOut"], failed.GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("verdict").GetString()));
    }

    [Fact]
    public async Task Run_EnoughRepliesByTheDeadline_IsDegradedAndGoesOn()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Options["--min-replies"] = "1";
        bench.Options["--deadline"] = "0.5";
        bench.Options["--rounds"] = "1";
        bench.Nodes[1].Answers = 0;

        (int exitCode, string output, string error) = await ResearcherProcess.RunAsync(bench.Words);

        Assert.True(exitCode == 0, error);
        Assert.Equal("Degraded", Lines(output).Single(l => Event(l) == "round").GetProperty("outcome").GetString());
        using ModelParameters final = AggregatedParametersFile.Open(bench.Out);
        Assert.Equal([2f, 3, 4], final["weight"].AsSpan<float>().ToArray());
    }

    private static void AssertKept(JsonElement end, int rounds, string error, string place)
    {
        Assert.Equal(rounds, end.GetProperty("rounds").GetInt32());
        string? kept = end.GetProperty("kept").GetString();
        if (rounds == 0)
        {
            Assert.Null(kept);
            return;
        }

        Assert.StartsWith(place, kept, StringComparison.Ordinal);
        Assert.Contains($"--initial {kept}", error, StringComparison.Ordinal);
        using ModelParameters parameters = AggregatedParametersFile.Open(kept!);
        Assert.Equal(1f + (3 * rounds), parameters["weight"].AsSpan<float>()[0]);
    }

    internal static JsonElement[] Lines(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    internal static JsonElement EndOf(string output)
    {
        JsonElement end = Lines(output)[^1];
        Assert.Equal("end", Event(end));
        return end;
    }

    private static string? Event(JsonElement line) => line.GetProperty("event").GetString();
}
