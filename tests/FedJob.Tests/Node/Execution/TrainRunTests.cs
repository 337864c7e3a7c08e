using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Node.Execution;

public sealed class TrainRunTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Train_GoodRequest_RepliesWithParametersTimingAndSampleCount()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(), "request_1");

        (TrainReply reply, OutboundMessage raw) = await harness.NextReplyAsync();

        Assert.True(reply.Success, reply.Text);
        Assert.Equal((NodeHarness.Researcher, NodeHarness.Job, NodeHarness.NodeId), (reply.ResearcherId, reply.JobId, reply.NodeId));
        Assert.Equal((harness.Node.Datasets.All[0].Id, 10L, ""), (reply.DatasetId, reply.SampleCount, reply.Text));
        Assert.StartsWith("node_state_", reply.StateId, StringComparison.Ordinal);
        Assert.True(reply.Timing!.Elapsed > TimeSpan.Zero);
        Assert.Equal("request_1", raw.UserProperties[WireProperties.RequestId]);
        Assert.StartsWith("xxh128:", raw.UserProperties[WireProperties.ParametersDigest], StringComparison.Ordinal);
        using NodeParametersFile file = harness.Open(reply);
        Assert.Equal([11f, 1f], file.Parameters["w"].AsSpan<float>().ToArray());
        Assert.Equal((reply.StateId, NodeHarness.NodeId, NodeHarness.Job), (file.StateId, file.NodeId, file.JobId));
        Assert.Equal(0.5, (double)file.OptimizerArgs["lr"]!);
        Assert.Empty(Directory.GetFileSystemEntries(harness.Folder.At("state/work")));
    }

    [Fact]
    public async Task Train_TorchTensors_ComeBackAsTorchTensors()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        var global = new ModelParameters { ["w"] = ParameterTensor.FromArray(new float[] { 1, 2 }).WithKind(TensorKind.TorchTensor) };
        Uri url = await harness.AddParametersAsync(global);

        TrainReply reply = await harness.TrainAsync(harness.Request() with { ParametersUrl = url.AbsoluteUri });

        using NodeParametersFile file = harness.Open(reply);
        Assert.Equal(TensorKind.TorchTensor, file.Parameters["w"].Kind);
    }

    [Fact]
    public async Task Train_WithValidation_PublishesMetricsInOrderBeforeTheReply()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        TrainRequest request = harness.Request(new JsonObject { ["reports"] = 50 }) with
        {
            TrainingArgs = new TrainingArgs { Epochs = 1, TestRatio = 0.3, TestOnGlobalUpdates = true, TestOnLocalUpdates = true },
        };

        harness.Send(request, "request_1");
        await harness.NextReplyAsync();

        OutboundMessage[] history = [.. harness.Link.History];
        Assert.Equal(Topics.Researchers, history[^1].Topic);
        OutboundMessage[] raw = [.. history.Where(m => m.Topic == Topics.Monitoring)];
        Assert.All(raw, m => Assert.Equal("request_1", m.UserProperties[WireProperties.RequestId]));
        MetricMessage[] metrics = [.. raw.Select(FakeLink.Read).Cast<MetricMessage>()];
        Assert.Equal(52, metrics.Length);
        AssertValidation(metrics[0], ofLocalUpdates: false, 10);
        Assert.Equal((3, 3, 1, 1), (metrics[0].TotalSamples, metrics[0].BatchSamples, metrics[0].BatchCount, metrics[0].Iteration));
        Assert.Equal((null, null), (metrics[0].Epoch, metrics[0].SamplesTrained));
        Assert.Equal(Enumerable.Range(1, 50), metrics[1..51].Select(m => m.Iteration));
        Assert.All(metrics[1..51], m => Assert.Equal((true, false, (int?)1, 7), (m.Train, m.Test, m.Epoch, m.TotalSamples)));
        AssertValidation(metrics[51], ofLocalUpdates: true, 11);
    }

    [Fact]
    public async Task Train_ValidationOnly_RepliesWithoutParametersAndKeepsNoState()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        TrainRequest request = harness.Request() with
        {
            Training = false,
            TrainingArgs = new TrainingArgs { TestRatio = 1, TestOnGlobalUpdates = true },
        };

        TrainReply reply = await harness.TrainAsync(request);

        Assert.True(reply.Success, reply.Text);
        Assert.Equal((null, "", null, null), (reply.StateId, reply.ParametersUrl, reply.SampleCount, reply.Timing));
        Assert.Equal(harness.Node.Datasets.All[0].Id, reply.DatasetId);
        Assert.Equal(10, Assert.Single(Metrics(harness)).TotalSamples);
        Assert.Empty(harness.Repository.UploadNames);
        Assert.Empty(Directory.GetFileSystemEntries(harness.Folder.At("state/states")));
    }

    [Fact]
    public async Task Train_ValidationWithoutSamplesForIt_IsSaidToTheResearcher()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply = await harness.TrainAsync(
            harness.Request() with { TrainingArgs = new TrainingArgs { Epochs = 1, TestOnGlobalUpdates = true } });

        Assert.True(reply.Success, reply.Text);
        Assert.Empty(Metrics(harness));
        Assert.Contains(LogLines(harness), l => l.Text.Contains("test_ratio", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Train_SeveralRoundsOfAJob_ValidatesOnTheSameSamples()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        for (int round = 0; round < 5; round++)
        {
            await harness.TrainAsync(harness.Request() with
            {
                Round = round,
                TrainingArgs = new TrainingArgs { Epochs = 1, TestRatio = 0.2, TestOnGlobalUpdates = true },
            });
        }

        Assert.Single(Metrics(harness).Select(m => m.Metrics["first"]).Distinct());
    }

    [Theory]
    [InlineData("77", 5, "seed 77")]
    [InlineData(null, 5, "seed 5")]
    [InlineData(null, null, "seed 0")]
    public async Task Train_Seed_ComesFromThePropertyThenTheArgumentsThenIsZero(string? property, int? argument, string expected)
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        TrainRequest request = harness.Request() with { TrainingArgs = new TrainingArgs { Epochs = 1, RandomSeed = argument } };

        harness.Send(request, "request_1", property is null ? [] : [(WireProperties.Seed, property)]);
        await harness.NextReplyAsync();

        Assert.Equal(expected, LogLines(harness)[0].Text);
    }

    [Fact]
    public async Task Train_PlanLogs_ReachTheResearcherUnderTheRequestId()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        harness.Send(harness.Request(new JsonObject { ["log"] = "look here" }), "request_1");
        await harness.NextReplyAsync();

        OutboundMessage raw =
            Assert.Single(harness.Link.History, m => m.Topic == Topics.Logger && ((LogMessage)FakeLink.Read(m)).Level == "WARNING");
        Assert.Equal("look here", ((LogMessage)FakeLink.Read(raw)).Text);
        Assert.Equal("request_1", raw.UserProperties[WireProperties.RequestId]);
    }

    [Fact]
    public async Task Train_MetricThatIsNoNumber_IsLeftOutAndSaid()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply = await harness.TrainAsync(harness.Request(new JsonObject { ["reports"] = 1, ["nan"] = "yes" }));

        Assert.True(reply.Success, reply.Text);
        Assert.Empty(Metrics(harness));
        Assert.Contains(LogLines(harness), l => l.Text.Contains("'Loss' is NaN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Train_StateId_RestoresWhatThePlanSaved()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        TrainReply first = await harness.TrainAsync(harness.Request());

        TrainReply second = await harness.TrainAsync(harness.Request() with { Round = 1, StateId = first.StateId });

        Assert.NotEqual(first.StateId, second.StateId);
        using NodeParametersFile file = harness.Open(second);
        Assert.Equal(2f, file.Parameters["w"].AsSpan<float>()[1]);
    }

    [Fact]
    public async Task Train_StateIdAfterARestart_IsStillKnown()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        TrainReply first = await harness.TrainAsync(harness.Request());
        await harness.RestartAsync();

        TrainReply second = await harness.TrainAsync(harness.Request() with { StateId = first.StateId });

        using NodeParametersFile file = harness.Open(second);
        Assert.Equal(2f, file.Parameters["w"].AsSpan<float>()[1]);
    }

    [Fact]
    public async Task Train_PlanThatKeepsNothing_HasAStateIdAllTheSame()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        var args = new JsonObject { ["stateless"] = "yes", ["throw"] = "restore" };
        TrainReply first = await harness.TrainAsync(harness.Request(args));

        TrainReply second = await harness.TrainAsync(harness.Request((JsonObject)args.DeepClone()) with { StateId = first.StateId });

        Assert.True(second.Success, second.Text);
    }

    [Fact]
    public async Task Train_PlanDigestKnown_DownloadsThePlanOnce()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        for (int round = 0; round < 3; round++)
        {
            harness.Send(harness.Request(), $"request_{round}", (WireProperties.TrainingPlanDigest, "sha256:" + harness.Plan.Sha256));
            Assert.True((await harness.NextReplyAsync()).Reply.Success);
        }

        Assert.Single(harness.Repository.Downloads, url => url == harness.PlanUrl);
    }

    private static void AssertValidation(MetricMessage metric, bool ofLocalUpdates, double accuracy)
    {
        Assert.Equal((true, ofLocalUpdates, !ofLocalUpdates), (metric.Test, metric.TestOnLocalUpdates, metric.TestOnGlobalUpdates));
        Assert.Equal(accuracy, metric.Metrics["ACCURACY"]);
    }

    private static MetricMessage[] Metrics(NodeHarness harness) =>
        [.. harness.Link.History.Where(m => m.Topic == Topics.Monitoring).Select(FakeLink.Read).Cast<MetricMessage>()];

    private static LogMessage[] LogLines(NodeHarness harness) =>
        [.. harness.Link.History.Where(m => m.Topic == Topics.Logger).Select(FakeLink.Read).Cast<LogMessage>()];
}
