using System.Text;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Node.Execution;

public sealed class RequestLoopTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ping_OnEitherTopic_IsAnsweredWithItsSequenceAndTheFedJobProperty()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        foreach (string topic in (string[])[Topics.AllNodes, Topics.Node(NodeHarness.NodeId)])
        {
            harness.Link.Deliver(topic, MessageWriter.Write(new PingRequest { ResearcherId = NodeHarness.Researcher, Sequence = 17 }));

            (PongReply pong, OutboundMessage raw) = await harness.Link.NextAsync<PongReply>(Token);

            Assert.Equal((17, true, NodeHarness.Researcher), (pong.Sequence, pong.Success, pong.ResearcherId));
            Assert.Equal(Topics.Researchers, raw.Topic);
            Assert.Equal(WireProperties.Version, raw.UserProperties[WireProperties.FedJob]);
        }
    }

    [Fact]
    public async Task Ping_WhileATrainingRuns_IsAnsweredAtOnce()
    {
        using var gate = new PlanGate();
        await using NodeHarness harness = await NodeHarness.StartAsync();
        harness.Send(harness.Request(gate.Args()));
        await gate.Entered;

        harness.Send(new PingRequest { ResearcherId = NodeHarness.Researcher, Sequence = 3 });

        Assert.IsType<PongReply>(FakeLink.Read(await NextOnResearchersAsync(harness)));
        gate.Open();
        Assert.True((await harness.NextReplyAsync()).Reply.Success);
    }

    [Fact]
    public async Task Search_MatchingTags_TellsTheDataset()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        harness.Send(new SearchRequest { ResearcherId = NodeHarness.Researcher, Tags = ["x"] });

        (SearchReply reply, OutboundMessage raw) = await harness.Link.NextAsync<SearchReply>(Token);
        DatasetEntry entry = Assert.Single(reply.Databases);
        Assert.Equal((harness.Node.Datasets.All[0].Id, "table", "csv", 1), (entry.DatasetId, entry.Name, entry.DataType, reply.Count));
        Assert.Equal([10, 1], entry.Shape!);
        Assert.Equal(["float64"], entry.ColumnTypes!);
        Assert.Equal(WireProperties.Version, raw.UserProperties[WireProperties.FedJob]);
    }

    [Fact]
    public async Task Search_OtherTags_IsNotAnswered()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        harness.Send(new SearchRequest { ResearcherId = NodeHarness.Researcher, Tags = ["x", "z"] });
        harness.Send(new PingRequest { ResearcherId = NodeHarness.Researcher, Sequence = 1 });

        // Messages of one topic are handled in order: had the search been answered, its reply would be the first.
        Assert.IsType<PongReply>(FakeLink.Read(await harness.Link.NextAsync(Token)));
    }

    [Fact]
    public async Task List_Always_TellsAllDatasetsWithoutColumnTypes()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        harness.Send(new ListRequest { ResearcherId = NodeHarness.Researcher });

        (ListReply reply, _) = await harness.Link.NextAsync<ListReply>(Token);
        Assert.Equal("table", Assert.Single(reply.Databases).Name);
    }

    [Theory]
    [InlineData("", "unknown_researcher_id")]
    [InlineData("not json", "unknown_researcher_id")]
    [InlineData("[1]", "unknown_researcher_id")]
    [InlineData("""{"researcher_id": "r1", "command": "ping", "sequence": 1}""", "r1")]
    [InlineData("""{"protocol_version": "1", "researcher_id": "r1", "command": "ping"}""", "r1")]
    [InlineData("""{"protocol_version": "1", "researcher_id": "r1", "command": "nonsense"}""", "r1")]
    [InlineData("""{"protocol_version": "1", "researcher_id": "general/#", "command": "list"}""", "unknown_researcher_id")]
    [InlineData("""{"protocol_version": "1", "researcher_id": 5, "command": "list"}""", "unknown_researcher_id")]
    public async Task Message_Malformed_IsAnsweredWithFB301AndTheLoopGoesOn(string payload, string researcher)
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        harness.Link.Deliver(Topics.Node(NodeHarness.NodeId), Encoding.UTF8.GetBytes(payload));

        (ErrorReply error, _) = await harness.Link.NextAsync<ErrorReply>(Token);
        Assert.Equal(("FB301: Protocol error", researcher), (error.ErrorNumber, error.ResearcherId));
        Assert.StartsWith("Message was not properly formatted", error.ExtraText, StringComparison.Ordinal);
        harness.Send(new PingRequest { ResearcherId = NodeHarness.Researcher, Sequence = 2 });
        await harness.Link.NextAsync<PongReply>(Token);
    }

    [Fact]
    public async Task Message_ManyMalformed_AreLoggedSparsely()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        for (int index = 0; index < 100; index++)
        {
            harness.Link.Deliver(Topics.AllNodes, "{}"u8.ToArray());
            await harness.Link.NextAsync<ErrorReply>(Token);
        }

        Assert.Equal(7, harness.Logs.GetSnapshot().Count(r => r.Id.Id == 1401));
    }

    [Fact]
    public async Task Message_WhoseAnswerCannotBePublished_DoesNotStopTheLoop()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();
        int count = 0;
        harness.Link.BeforePublish = (_, _) => ++count == 1 ? throw new InvalidOperationException("once") : Task.CompletedTask;

        harness.Send(new PingRequest { ResearcherId = NodeHarness.Researcher, Sequence = 1 });
        harness.Send(new PingRequest { ResearcherId = NodeHarness.Researcher, Sequence = 2 });

        Assert.Equal(2, (await harness.Link.NextAsync<PongReply>(Token)).Message.Sequence);
    }

    [Fact]
    public async Task Train_UnknownDataset_IsAnsweredAsAPythonNodeDoes()
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        harness.Send(harness.Request() with { DatasetId = "dataset_00000000-0000-0000-0000-000000000000" }, "request_1");

        (ErrorReply error, OutboundMessage raw) = await harness.Link.NextAsync<ErrorReply>(Token);
        Assert.Equal("FB313: no dataset matching request", error.ErrorNumber);
        Assert.Equal("Did not found proper data in local datasets", error.ExtraText);
        Assert.Equal(NodeHarness.Researcher, error.ResearcherId);
        Assert.Equal("request_1", raw.UserProperties[WireProperties.RequestId]);
    }

    [Theory]
    [InlineData(WireProperties.RequestId, "a/b")]
    [InlineData(WireProperties.Seed, "1.5")]
    [InlineData(WireProperties.TrainingPlanDigest, "xxh128:00000000000000000000000000000000")]
    [InlineData(WireProperties.TrainingPlanDigest, "sha256:short")]
    [InlineData(WireProperties.ParametersDigest, "md5:0")]
    public async Task Train_MalformedProperty_IsRefusedAndNamed(string property, string value)
    {
        await using NodeHarness harness = await NodeHarness.StartAsync();

        harness.Send(harness.Request(), null, (property, value));

        (ErrorReply error, _) = await harness.Link.NextAsync<ErrorReply>(Token);
        Assert.Equal("FB301: Protocol error", error.ErrorNumber);
        Assert.Contains(property, error.ExtraText, StringComparison.Ordinal);
    }

    private static async Task<OutboundMessage> NextOnResearchersAsync(NodeHarness harness)
    {
        OutboundMessage message = await harness.Link.NextAsync(Token);
        while (message.Topic != Topics.Researchers)
        {
            message = await harness.Link.NextAsync(Token);
        }

        return message;
    }
}
