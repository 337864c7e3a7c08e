using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Node.Execution;

public sealed class TrainQueueTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Train_SeveralRequests_RunOneAtATimeInOrder()
    {
        using var first = new PlanGate();
        using var second = new PlanGate();
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(first.Args()) with { JobId = "job_a" });
        harness.Send(harness.Request(second.Args()) with { JobId = "job_b" });
        harness.Send(harness.Request() with { JobId = "job_c" });
        await first.Entered;
        Assert.False(second.HasEntered);

        first.Open();
        Assert.Equal("job_a", (await harness.NextReplyAsync()).Reply.JobId);
        await second.Entered;
        second.Open();

        Assert.Equal("job_b", (await harness.NextReplyAsync()).Reply.JobId);
        Assert.Equal("job_c", (await harness.NextReplyAsync()).Reply.JobId);
    }

    [Fact]
    public async Task Train_SameRequestIdWhileRunning_IsRunOnce()
    {
        using var gate = new PlanGate();
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(gate.Args()), "request_1");
        await gate.Entered;

        harness.Send(harness.Request(gate.Args()), "request_1");
        await PingAsync(harness);
        gate.Open();

        Assert.True((await harness.NextReplyAsync()).Reply.Success);
        Assert.Single(harness.Repository.UploadNames);
        await PingAsync(harness);
        Assert.Single(harness.Link.History, m => FakeLink.Read(m) is TrainReply);
    }

    [Fact]
    public async Task Train_SameRequestIdAfterwards_IsAnsweredWithTheSameBytes()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(), "request_1");
        OutboundMessage first = (await harness.NextReplyAsync()).Raw;

        harness.Send(harness.Request(), "request_1");

        OutboundMessage second = (await harness.NextReplyAsync()).Raw;
        Assert.Equal(first.Payload.ToArray(), second.Payload.ToArray());
        Assert.Equal(first.UserProperties, second.UserProperties);
        Assert.Single(harness.Repository.UploadNames);
    }

    [Fact]
    public async Task Train_SameRequestIdAfterARestart_IsAnsweredWithTheSameBytes()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(), "request_1");
        OutboundMessage first = (await harness.NextReplyAsync()).Raw;
        await harness.RestartAsync();

        harness.Send(harness.Request(), "request_1");

        OutboundMessage second = (await harness.NextReplyAsync()).Raw;
        Assert.Equal(first.Payload.ToArray(), second.Payload.ToArray());
        Assert.Single(harness.Repository.UploadNames);
    }

    [Fact]
    public async Task Train_SameRequestIdOfAnotherResearcher_IsAnotherRequest()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(), "request_1");
        await harness.NextReplyAsync();

        harness.Send(harness.Request() with { ResearcherId = "researcher_2" }, "request_1");

        Assert.Equal("researcher_2", (await harness.NextReplyAsync()).Reply.ResearcherId);
        Assert.Equal(2, harness.Repository.UploadNames.Count);
    }

    [Fact]
    public async Task Train_WithoutRequestIdTwice_IsTwoTrainings()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request());
        harness.Send(harness.Request());

        await harness.NextReplyAsync();
        await harness.NextReplyAsync();

        Assert.Equal(2, harness.Repository.UploadNames.Count);
    }

    [Fact]
    public async Task Train_QueueFull_IsAnsweredWithAnErrorAndAFailureAndMayBeAskedAgain()
    {
        using var gate = new PlanGate();
        await using NodeHarness harness = await NodeHarness.StartAsync(o => o.TrainQueueCapacity = 1);
        harness.Send(harness.Request(gate.Args()));
        await gate.Entered;
        harness.Send(harness.Request() with { JobId = "job_waits" });

        harness.Send(harness.Request() with { JobId = "job_refused" }, "request_1");

        (ErrorReply error, OutboundMessage raw) = await harness.Link.NextAsync<ErrorReply>(Token);
        Assert.Equal(("FB300: undetermined node error", "request_1"), (error.ErrorNumber, raw.UserProperties[WireProperties.RequestId]));
        TrainReply refused = (await harness.NextReplyAsync()).Reply;
        Assert.Equal(("job_refused", false), (refused.JobId, refused.Success));
        Assert.Contains("queue is full", refused.Text, StringComparison.Ordinal);

        gate.Open();
        await harness.NextReplyAsync();
        await harness.NextReplyAsync();
        harness.Send(harness.Request() with { JobId = "job_refused" }, "request_1");
        Assert.True((await harness.NextReplyAsync()).Reply.Success);
    }

    [Fact]
    public async Task Train_ReplyNotTakenByTheBrokerAtFirst_IsPublishedAgain()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        harness.Link.BeforePublish = (message, _) =>
        {
            if (message.Topic != Topics.Researchers || refused.Task.IsCompleted)
            {
                return Task.CompletedTask;
            }

            refused.SetResult();
            throw new MessagingException(FedJob.Abstractions.FedJobErrorCode.PublishNotAcknowledged, "not now");
        };
        harness.Send(harness.Request(), "request_1");
        await refused.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.True((await harness.NextReplyAsync()).Reply.Success);
    }

    /// <summary>Waits until everything sent before was looked at: one topic's messages are handled in order.</summary>
    private static async Task PingAsync(NodeHarness harness)
    {
        harness.Send(new PingRequest { ResearcherId = NodeHarness.Researcher, Sequence = 1 });
        await harness.Link.NextAsync<PongReply>(Token);
    }
}
