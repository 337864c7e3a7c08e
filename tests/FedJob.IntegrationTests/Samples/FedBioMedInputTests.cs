using System.Text.Json;

namespace FedJob.IntegrationTests.Samples;

/// <summary>What the command-line researcher says to wrong input and to a federation that is not there.</summary>
public sealed class FedBioMedInputTests
{
    [Theory]
    [InlineData("--training-args", """{"epochs": 1, "log_interval": 2.0}""", "log_interval")]
    [InlineData("--training-args", """{"epochs": "1"}""", "epochs")]
    [InlineData("--training-args", """{"epochs": 1, "test_metric": "accuracy"}""", "ACCURACY")]
    [InlineData("--training-args", """{"epochs": 1, "epocs": 1}""", "epocs")]
    [InlineData("--training-args", """{"epochs": 1, "num_updates": 3}""", "exclude each other")]
    [InlineData("--training-args", """{"test_ratio": 0.1}""", "nothing to train")]
    [InlineData("--training-args", "[1]", "expected an object")]
    [InlineData("--training-args", "epochs: 1", "no valid JSON")]
    [InlineData("--model-args", """{"a": 1, "a": 2}""", "no valid JSON")]
    [InlineData("--initial", "neither", "--initial")]
    [InlineData("--plan", "", "is empty")]
    public async Task Run_WrongFile_EndsWithOneAndNamesItBeforeAnythingIsSent(string option, string content, string expected)
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync(nodes: false);
        bench.Options[option] = bench.Write("wrong", content);

        await ExpectAsync(bench, 1, option, expected);
    }

    [Theory]
    [InlineData("--plan")]
    [InlineData("--initial")]
    [InlineData("--training-args")]
    [InlineData("--model-args")]
    public async Task Run_MissingFile_EndsWithOneAndNamesIt(string option)
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync(nodes: false);
        bench.Options[option] = bench.PathOf("nowhere");

        await ExpectAsync(bench, 1, option, "does not exist");
    }

    [Fact]
    public async Task Run_UnknownOption_EndsWithOneAndNamesTheNearest()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync(nodes: false);
        bench.Options["--trainig-args"] = "x";

        await ExpectAsync(bench, 1, "--trainig-args", "--training-args");
    }

    [Fact]
    public async Task Run_TagsNobodyHas_EndsWithOne()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Options["--tags"] = "other";

        await ExpectAsync(bench, 1, "NoDatasetFound", "other");
    }

    [Fact]
    public async Task Run_MoreRepliesThanNodes_EndsWithOneAndPrintsBoth()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Options["--min-replies"] = "3";

        await ExpectAsync(bench, 1, "--min-replies is 3", "only 2 node(s)");
    }

    [Fact]
    public async Task Run_WrongClassName_EndsWithThreeAndTheNodesOwnWords()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Options["--class"] = "Plann";

        await ExpectAsync(bench, 3, "RoundFailed", "has no attribute 'Plann'");
    }

    [Fact]
    public async Task Run_InitialParametersWithOtherNames_EndsWithThreeAndTheNodesOwnWords()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Options["--initial"] = await bench.WriteParametersAsync("other.mpk", "wait");

        await ExpectAsync(bench, 3, "RoundFailed", "Cannot initialize model parameters");
    }

    [Fact]
    public async Task Run_NoNode_EndsWithTwo()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync(nodes: false);

        await ExpectAsync(bench, 2, "NoNodeAnswered", "demo");
    }

    [Fact]
    public async Task Run_DeadBroker_EndsWithTwo()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync(nodes: false);
        bench.Options["--broker"] = "127.0.0.1:19";

        await ExpectAsync(bench, 2, "BrokerUnreachable", "127.0.0.1:19");
    }

    [Fact]
    public async Task Run_DeadRepository_EndsWithTwo()
    {
        await using FedBioMedBench bench = await FedBioMedBench.StartAsync();
        bench.Options["--repository"] = "http://127.0.0.1:19/";

        await ExpectAsync(bench, 2, "RepositoryUnreachable", "127.0.0.1:19");
    }

    private static async Task ExpectAsync(FedBioMedBench bench, int exitCode, params string[] expected)
    {
        (int code, string output, string error) = await ResearcherProcess.RunAsync(bench.Words);

        Assert.True(code == exitCode, $"{code}: {error}");
        JsonElement end = FedBioMedTests.EndOf(output);
        Assert.Equal(exitCode, end.GetProperty("exitCode").GetInt32());
        Assert.All(expected, text => Assert.Contains(text, output + error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.False(File.Exists(bench.Out));
    }
}
