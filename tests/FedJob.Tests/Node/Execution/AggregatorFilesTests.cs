using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Node.Execution;

/// <summary>The files of a researcher's rule on their way to the plan.</summary>
public sealed class AggregatorFilesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Train_ValuesAndFiles_ReachThePlanEachUnderItsName()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        Uri url = await AddAsync(harness, new() { ["w"] = ParameterTensor.FromArray(new[] { 0.5f, -1.5f }) });

        TrainReply reply = await harness.TrainAsync(harness.Request(new() { ["aggregator"] = "apply" }) with
        {
            AggregatorArgs = new() { ["offset"] = 2.0, ["shift"] = Reference("shift", url) },
        });

        Assert.True(reply.Success, reply.Text);
        using NodeParametersFile file = harness.Open(reply);
        Assert.Equal([2.5f, 0.5f], file.Parameters["w"].AsSpan<float>().ToArray());
        Assert.Equal("""{"lr":0.25,"num_updates":7}""", file.OptimizerArgs.ToJsonString());
    }

    [Fact]
    public async Task Train_FileThatIsNoMapOfTensors_FailsAndLeavesNothingBehind()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply = await harness.TrainAsync(harness.Request() with { AggregatorArgs = new() { ["c"] = Reference("c", harness.PlanUrl) } });

        Assert.False(reply.Success);
        Assert.Contains("not a well-formed parameter file", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_FileOfAnotherOrigin_IsNotDownloaded()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply = await harness.TrainAsync(
            harness.Request() with { AggregatorArgs = new() { ["c"] = Reference("c", new Uri("http://elsewhere.test:8080/c.mpk")) } });

        Assert.False(reply.Success);
    }

    private static async Task<Uri> AddAsync(NodeHarness harness, ModelParameters tensors)
    {
        string path = harness.Folder.At("tensors.mpk");
        await TensorMapFile.WriteAsync(path, tensors, Token);
        return harness.Repository.Add(await File.ReadAllBytesAsync(path, Token));
    }

    private static JsonObject Reference(string name, Uri url) => new() { ["arg_name"] = name, ["filename"] = name + ".mpk", ["url"] = url.AbsoluteUri };
}
