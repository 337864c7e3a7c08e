using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Node.Execution;

public sealed class TrainFailureTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("init", "building its model")]
    [InlineData("set", "taking the global parameters")]
    [InlineData("train", "training")]
    [InlineData("save", "saving its state")]
    public async Task Train_PlanThrows_FailsWithTypeAndMessageAndNoStackTrace(string where, string doing)
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply =
            await harness.TrainAsync(harness.Request(new JsonObject { ["throw"] = where, ["say"] = harness.Folder.At("state/plans") }));

        AssertFailed(reply);
        Assert.Equal($"The training plan failed while {doing}: OwnException: tripped in {where} (path at the node)/plans", reply.Text);
        Assert.Empty(harness.Repository.UploadNames);
        Assert.Empty(Directory.GetFileSystemEntries(harness.Folder.At("state/work")));
    }

    [Fact]
    public async Task Train_PlanThrowsInEvaluation_Fails()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply = await harness.TrainAsync(harness.Request(new JsonObject { ["throw"] = "evaluate" }) with
        {
            TrainingArgs = new TrainingArgs { Epochs = 1, TestRatio = 0.5, TestOnLocalUpdates = true },
        });

        AssertFailed(reply);
        Assert.Contains("evaluating its own parameters: OwnException", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_PlanThrowsWhenDisposed_SucceedsAndSaysSo()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply = await harness.TrainAsync(harness.Request(new JsonObject { ["throw"] = "dispose" }));

        Assert.True(reply.Success, reply.Text);
        Assert.Contains(
            harness.Link.History, m => m.Topic == Topics.Logger && ((LogMessage)FakeLink.Read(
                m)).Text.Contains("disposed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Train_AfterAFailure_TheNextRequestSucceeds()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        AssertFailed(await harness.TrainAsync(harness.Request(new JsonObject { ["throw"] = "train" })));

        Assert.True((await harness.TrainAsync(harness.Request())).Success);
    }

    [Theory]
    [InlineData("state_unknown")]
    [InlineData("..")]
    public async Task Train_UnknownStateId_FailsAsAPythonNodeDoes(string stateId)
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        await harness.TrainAsync(harness.Request());

        // The writer may refuse what no FedJob researcher would send; a hostile one writes it by hand.
        byte[] payload = MessageWriter.Write(harness.Request() with { StateId = "state_placeholder" });
        string text = System.Text.Encoding.UTF8.GetString(payload).Replace("state_placeholder", stateId, StringComparison.Ordinal);
        harness.Link.Deliver(Topics.Node(NodeHarness.NodeId), System.Text.Encoding.UTF8.GetBytes(text));

        OutboundMessage raw = await harness.Link.NextAsync(Token);
        while (raw.Topic != Topics.Researchers)
        {
            raw = await harness.Link.NextAsync(Token);
        }

        switch (FakeLink.Read(raw))
        {
            case TrainReply reply:
                AssertFailed(reply);
                Assert.Equal("Can't read previous node state.", reply.Text);
                break;
            case ErrorReply error:
                Assert.Equal((true, "FB301: Protocol error"), (stateId == "..", error.ErrorNumber));
                break;
            case var other:
                Assert.Fail(other.ToString());
                break;
        }
    }

    [Fact]
    public async Task Train_StateOfAnotherJob_Fails()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        TrainReply first = await harness.TrainAsync(harness.Request());

        TrainReply second = await harness.TrainAsync(harness.Request() with { JobId = "job_2", StateId = first.StateId });

        Assert.Equal("Can't read previous node state.", second.Text);
    }

    [Fact]
    public async Task Train_StateIdOfAFailure_WasNeverSaved()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        TrainReply failed = await harness.TrainAsync(harness.Request(new JsonObject { ["throw"] = "train" }));

        TrainReply reply = await harness.TrainAsync(harness.Request() with { StateId = failed.StateId });

        Assert.Equal("Can't read previous node state.", reply.Text);
    }

    [Fact]
    public async Task Train_UploadFails_FailsAndSavesNoState()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Repository.UploadFailure = new RepositoryException(FedJobErrorCode.RepositoryUnreachable, "The repository is away.");

        TrainReply reply = await harness.TrainAsync(harness.Request());

        AssertFailed(reply);
        Assert.Equal("The repository is away.", reply.Text);
        Assert.Empty(Directory.GetFileSystemEntries(harness.Folder.At("state/states")));
    }

    [Fact]
    public async Task Train_ParametersOfAnotherShape_FailsNamingTheTensor()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        Uri url = await harness.AddParametersAsync(new ModelParameters { ["w"] = ParameterTensor.FromArray(new float[3]) });

        TrainReply reply = await harness.TrainAsync(harness.Request() with { ParametersUrl = url.AbsoluteUri });

        AssertFailed(reply);
        Assert.Contains("tensor 'w': expected Float32[2], got Float32[3]", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_PlanSaysMoreSamplesThanItHas_Fails()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply = await harness.TrainAsync(harness.Request(new JsonObject { ["samples"] = 1000 }));

        AssertFailed(reply);
        Assert.Contains("1000 samples", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_WhatTheNodeCannotDo_IsRefusedBeforeAnyDownload()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        TrainRequest request = harness.Request();
        foreach ((TrainRequest bad, string expected) in ((TrainRequest, string)[])
        [
            (request with { SecaggServerKeyId = "k", SecaggBiprimeId = "b", SecaggRandom = 0.5 }, "secure aggregation"),
            (request with { AuxiliaryVariableUrls = [harness.PlanUrl.AbsoluteUri] }, "aux_var_urls"),
            (request with { AggregatorArgs = [.. Enumerable.Range(0, 17).Select(i => KeyValuePair.Create<string, JsonNode?>($"c{i}", FileReference(harness)))] }, "17 files"),
        ])
        {
            TrainReply reply = await harness.TrainAsync(bad);

            AssertFailed(reply);
            Assert.Contains(expected, reply.Text, StringComparison.Ordinal);
        }

        Assert.Empty(harness.Repository.Downloads);
    }

    [Theory]
    [InlineData("http://elsewhere.test:8080/plan.zip")]
    [InlineData("http://repository.test/files/999")]
    public async Task Train_PlanUrlThatGivesNoPlan_Fails(string url)
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        AssertFailed(await harness.TrainAsync(harness.Request() with { TrainingPlanUrl = url }));
    }

    [Fact]
    public async Task Train_BytesThatAreNoBundle_Fails()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        Uri url = harness.Repository.Add("import torch"u8.ToArray());

        AssertFailed(await harness.TrainAsync(harness.Request() with { TrainingPlanUrl = url.AbsoluteUri }));
    }

    [Fact]
    public async Task Train_PlanLargerThanAllowed_Fails()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.MaximumPlanBytes = 1000);

        AssertFailed(await harness.TrainAsync(harness.Request()));
    }

    [Fact]
    public async Task Train_TypeThatIsNotThere_Fails()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        TrainReply reply = await harness.TrainAsync(harness.Request() with { TrainingPlanClass = "NodeTestPlan.Missing" });

        AssertFailed(reply);
        Assert.Contains("NodeTestPlan.Missing", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_LongerThanAllowed_IsCancelledAndFails()
    {
        using var gate = new PlanGate();
        var time = new FakeTimeProvider();
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.MaximumTrainingTime = TimeSpan.FromHours(1), time);
        harness.Send(harness.Request(gate.Args()));
        await gate.Entered;

        time.Advance(TimeSpan.FromHours(1));

        TrainReply reply = (await harness.NextReplyAsync()).Reply;
        AssertFailed(reply);
        Assert.Contains("longer than this node allows (01:00:00)", reply.Text, StringComparison.Ordinal);
    }

    private static JsonObject FileReference(NodeHarness harness) =>
        new() { ["arg_name"] = "c", ["filename"] = "c.mpk", ["url"] = harness.PlanUrl.AbsoluteUri };

    private static void AssertFailed(TrainReply reply)
    {
        Assert.False(reply.Success);
        Assert.StartsWith("node_state_", reply.StateId, StringComparison.Ordinal);
        Assert.Equal(("", "", null, null), (reply.DatasetId, reply.ParametersUrl, reply.SampleCount, reply.Timing));
        Assert.NotEmpty(reply.Text);
        Assert.DoesNotContain("   at ", reply.Text, StringComparison.Ordinal);
    }
}
