using System.Diagnostics;
using System.Globalization;
using FedJob.Abstractions;
using FedJob.IntegrationTests.Storage;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.IntegrationTests.Faults;

/// <summary>Many large replies to a researcher whose memory is capped: it is a process of its own, the nodes are in this one.</summary>
public sealed class MemoryFaultTests(ITestOutputHelper output)
{
    private const int Values = 2_500_000;
    private const long MiB = 1 << 20;

    /// <summary>All replies of the large round together are 20 times this.</summary>
    private static readonly MemoryCap Cap = new(HeapBytes: 96 * MiB, DataBytes: 320 * MiB);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("fault", "17")]
    public async Task RunRoundAsync_TwoHundredRepliesOfTenMegabytesUnderACap_CompletesInTheMemoryOfTwenty()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc and RLIMIT_DATA.");
        await using LocalFederation federation = await LocalFederation.StartAsync(new LocalFederationOptions(), cancellationToken: Token);
        Uri update = await UploadAsync(federation);

        ResearcherEnd few = await RunAsync(federation, update, 20);
        ResearcherEnd many = await RunAsync(federation, update, 200);

        Assert.InRange(many.PeakMemory.Own, 1, few.PeakMemory.Own + (32 * MiB));
        Assert.Equal(few.Sha256, many.Sha256);
    }

    private async Task<ResearcherEnd> RunAsync(LocalFederation federation, Uri update, int nodes)
    {
        using var scratch = new ScratchDirectory();
        string module = scratch.Write("mean_plan.py", "class MeanPlan:\n    pass\n"u8.ToArray());
        string tag = string.Create(CultureInfo.InvariantCulture, $"of{nodes}");
        await using ScriptedFleet fleet = await ScriptedFleet.StartAsync(
            new ScriptedFleetOptions { Broker = federation.ClientOptions.Broker, Repository = federation.ClientOptions.Repository },
            [.. Enumerable.Range(0, nodes).Select(i => Node($"{tag}_{i}", tag, update))],
            cancellationToken: Token);
        long began = Stopwatch.GetTimestamp();

        ResearcherEnd end = await ResearcherChild.RunAsync(
            federation, scratch, Cap, "--tag", tag, "--rounds", "1", "--module", module, "--values", Values.ToString(CultureInfo.InvariantCulture), "--memory");

        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Equal(nodes, end.Lines.Single(l => l.StartsWith("ended 0", StringComparison.Ordinal)).Split(":Succeeded").Length - 1);
        output.WriteLine(
            $"{nodes} replies of {4 * Values / 1e6:0} MB in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s: own memory at most {end.PeakMemory.Own / MiB} MiB, "
            + $"mapped files {end.PeakMemory.Mapped / MiB} MiB");
        return end;
    }

    private static ScriptedNode Node(string nodeId, string tag, Uri update)
    {
        ScriptedNode node = ScriptedNode.Instant(nodeId, update, 1);
        return node.Offers(node.Dataset with { Tags = [tag] });
    }

    /// <summary>One update that all nodes answer with.</summary>
    private static async Task<Uri> UploadAsync(LocalFederation federation)
    {
        using var scratch = new ScratchDirectory();
        string path = scratch.PathOf("update.mpk");
        float[] values = new float[Values];
        Array.Fill(values, 1.5f);
        using var file = new NodeParametersFile
        {
            ResearcherId = "researcher_any",
            JobId = "job_any",
            StateId = null,
            NodeId = "node_any",
            Parameters = new ModelParameters { ["mean"] = ParameterTensor.FromMemory<float>(values, [Values], TensorKind.TorchTensor) },
        };
        await file.WriteAsync(path, Token);
        using var repository = new Repository(federation.ClientOptions.Repository, NullLogger<Repository>.Instance, TimeProvider.System);
        return (await repository.UploadAsync(path, "update.mpk", Token)).Url;
    }
}
