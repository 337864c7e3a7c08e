using FedJob.Abstractions;
using FedJob.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Messaging;

public sealed class RequestsSearchTests : IAsyncDisposable
{
    private readonly RequestsBench _bench = new();

    [Fact]
    public async Task SearchAsync_EveryNodeHasData_ReturnsOnceAllHaveAnsweredAndItIsQuiet()
    {
        AnswerSearch(("node_2", "dataset_b"), ("node_1", "dataset_a"));

        Task<FederatedDataset> search = _bench.Requests.SearchAsync(["a"], cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.LeastQuiet);
        FederatedDataset data = await search;

        Assert.Equal(["node_1", "node_2"], data.Nodes);
        Assert.Equal("dataset_a", data.Datasets["node_1"].DatasetId);
        Assert.Equal(["ping", "search"], _bench.Link.Published.Select(Command));
    }

    [Fact]
    public async Task SearchAsync_NodeWithoutAMatchIsSilent_TheWindowEndsIt()
    {
        AnswerSearch(("node_1", "dataset_a"), ("node_2", null));

        Task<FederatedDataset> search = _bench.Requests.SearchAsync(["a"], cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.Window);

        Assert.Equal(["node_1"], (await search).Nodes);
    }

    [Fact]
    public async Task SearchAsync_NobodyThere_SaysThatNoNodeAnswered()
    {
        Task<FederatedDataset> search = _bench.Requests.SearchAsync(["penguins", "adelie"], cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.Window);

        NodeSearchException refused = await Assert.ThrowsAsync<NodeSearchException>(() => search);
        Assert.Equal(FedJobErrorCode.NoNodeAnswered, refused.Code);
        Assert.Empty(refused.Answered);
        Assert.Contains("penguins, adelie", refused.Message, StringComparison.Ordinal);
        Assert.Contains("2 s", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("seed", "13")]
    public async Task SearchAsync_NobodyHasSuchData_SaysWhoAnswered()
    {
        AnswerSearch(("node_1", null), ("node_2", null));

        Task<FederatedDataset> search = _bench.Requests.SearchAsync(["a"], cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.Window);

        NodeSearchException refused = await Assert.ThrowsAsync<NodeSearchException>(() => search);
        Assert.Equal(FedJobErrorCode.NoDatasetFound, refused.Code);
        Assert.Equal(["node_1", "node_2"], refused.Answered);
        Assert.Contains("node_1, node_2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAsync_NamedNodesHaveNoSuchData_AreNotCalledSilent()
    {
        AnswerSearch(("node_1", null), ("node_2", "dataset_b"));

        Task<FederatedDataset> search = _bench.Requests.SearchAsync(["a"], ["node_1"], RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.Window);

        NodeSearchException refused = await Assert.ThrowsAsync<NodeSearchException>(() => search);
        Assert.Equal(FedJobErrorCode.NoDatasetFound, refused.Code);
        Assert.Contains("at node_1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SearchAsync_NamedNodesAllAnswered_ReturnsAtOnce()
    {
        AnswerSearch(("node_1", "dataset_a"), ("node_2", "dataset_b"), ("node_3", "dataset_c"));

        FederatedDataset data = await _bench.Requests.SearchAsync([], ["node_2", "node_1"], RequestsBench.Token);

        Assert.Equal(["node_1", "node_2"], data.Nodes);
        Assert.DoesNotContain(_bench.Link.Published, m => m.Topic == Topics.AllNodes);
    }

    [Fact]
    public async Task SearchAsync_ManyNodesNamed_AsksAllAtOnceAndLetsOthersGo()
    {
        string[] named = [.. Enumerable.Range(0, 40).Select(i => $"node_{i}")];
        AnswerSearch([("stranger", "dataset_s"), .. named.Select(n => (n, (string?)"dataset_a"))]);

        FederatedDataset data = await _bench.Requests.SearchAsync(["a"], named, RequestsBench.Token);

        Assert.Equal(40, data.Nodes.Count);
        Assert.DoesNotContain("stranger", data.Nodes);
        Assert.All(_bench.Link.Published, m => Assert.Equal(Topics.AllNodes, m.Topic));
    }

    [Fact]
    [Trait("input", "3")]
    [Trait("seed", "32")]
    public async Task SearchAsync_ForeignLateAndWrongAnswers_AreIgnored()
    {
        _bench.Link.Answers = (topic, content) =>
        {
            _bench.Pong(topic, content, "node_1");
            if ((string?)content["command"] == "search")
            {
                _bench.Link.Reply(NodeSays.Found("researcher_other", "node_1", "dataset_other", "a"));
                _bench.Link.Reply(NodeSays.Found(RequestsBench.Me, "node_1", "dataset_of_an_earlier_search", "b"));
                _bench.Link.Reply(NodeSays.Listed(RequestsBench.Me, "node_1", "dataset_of_a_list"));
                _bench.Link.Reply(NodeSays.Found(RequestsBench.Me, "node_1", "dataset_a", "a", "b"));
            }
        };

        Task<FederatedDataset> search = _bench.Requests.SearchAsync(["a"], cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.LeastQuiet);

        Assert.Equal("dataset_a", (await search).Datasets["node_1"].DatasetId);
    }

    [Fact]
    public async Task SearchAsync_SeveralDatasetsAtANode_TakesTheFirst()
    {
        _bench.Link.Answers = (topic, content) =>
        {
            _bench.Pong(topic, content, "node_1");
            if ((string?)content["command"] == "search")
            {
                _bench.Link.Reply(NodeSays.Databases(
                    RequestsBench.Me, "node_1", "search", [NodeSays.Dataset("second", ["a"], search: true), NodeSays.Dataset("first", ["a"], search: true)]));
            }
        };

        FederatedDataset data = await _bench.Requests.SearchAsync(["a"], ["node_1"], RequestsBench.Token);

        Assert.Equal("second", data.Datasets["node_1"].DatasetId);
    }

    [Fact]
    public async Task SearchAsync_TwoAtOnce_RunOneAfterTheOther()
    {
        var gate = new TaskCompletionSource();
        _bench.Link.OnPublish = (_, _) => gate.Task;

        Task<FederatedDataset> first = _bench.Requests.SearchAsync(["a"], ["node_1"], RequestsBench.Token);
        Task<FederatedDataset> second = _bench.Requests.SearchAsync(["b"], ["node_2"], RequestsBench.Token);
        Assert.Single(_bench.Link.Published);
        _bench.Link.Answers = (topic, content) => Answer(topic, content, ("node_1", "dataset_a", "a"), ("node_2", "dataset_b", "b"));
        gate.SetResult();

        Assert.Equal("dataset_a", (await first).Datasets["node_1"].DatasetId);
        Assert.Equal("dataset_b", (await second).Datasets["node_2"].DatasetId);
        Assert.Equal(
            ["general/node_1", "general/node_1", "general/node_2", "general/node_2"], _bench.Link.Published.Select(m => m.Topic));
    }

    [Fact]
    public async Task SearchAsync_CancelledWhileWaiting_EndsAndFreesTheTurn()
    {
        using var cancel = new CancellationTokenSource();
        Task<FederatedDataset> first = _bench.Requests.SearchAsync(["a"], cancellationToken: cancel.Token);
        await _bench.Time.TimerOfAsync(RequestsBench.Window);
        Task<FederatedDataset> queued = _bench.Requests.SearchAsync(["a"], cancellationToken: cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued);
        AnswerSearch(("node_1", "dataset_a"));
        Assert.Equal(["node_1"], (await _bench.Requests.SearchAsync(["a"], ["node_1"], RequestsBench.Token)).Nodes);
    }

    [Fact]
    [Trait("seed", "10")]
    public async Task SearchAsync_CallersTagsChangeMeanwhile_ItsOwnCopyCounts()
    {
        var tags = new List<string> { "a" };
        _bench.Link.Answers = (topic, content) =>
        {
            tags[0] = "b";
            Answer(topic, content, ("node_1", "dataset_a", "a"));
        };

        Assert.Equal(["node_1"], (await _bench.Requests.SearchAsync(tags, ["node_1"], RequestsBench.Token)).Nodes);
    }

    [Fact]
    [Trait("input", "15")]
    public async Task SearchAsync_NoNodeNamed_IsRefusedBeforeAnythingIsSent()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.Requests.SearchAsync(["a"], [], RequestsBench.Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.Requests.ListAsync([], RequestsBench.Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() => _bench.Requests.SearchAsync(null!, null, RequestsBench.Token));

        Assert.Empty(_bench.Link.Published);
    }

    [Fact]
    public async Task ListAsync_AllNodes_ReturnsEveryDatasetByNode()
    {
        _bench.Link.Answers = (topic, content) =>
        {
            _bench.Pong(topic, content, "node_1", "node_2");
            if ((string?)content["command"] == "list")
            {
                _bench.Link.Reply(NodeSays.Listed(RequestsBench.Me, "node_2", "x", "y"));
                _bench.Link.Reply(NodeSays.Listed(RequestsBench.Me, "node_1"));
                _bench.Link.Reply(NodeSays.Found(RequestsBench.Me, "node_3", "of a search", "a"));
            }
        };

        Task<IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>>> list = _bench.Requests.ListAsync(cancellationToken: RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.LeastQuiet);
        IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>> found = await list;

        Assert.Equal(["node_1", "node_2"], found.Keys);
        Assert.Empty(found["node_1"]);
        Assert.Equal(["x", "y"], found["node_2"].Select(d => d.DatasetId));
    }

    [Fact]
    public async Task ListAsync_NobodyThere_IsEmpty()
    {
        Task<IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>>> list = _bench.Requests.ListAsync(["node_1"], RequestsBench.Token);
        await _bench.Time.PassAsync(RequestsBench.Window);

        Assert.Empty(await list);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private static string Command(FedJob.Protocol.Mqtt.OutboundMessage message) =>
        (string)System.Text.Json.Nodes.JsonNode.Parse(message.Payload.Span)!["command"]!;

    private void AnswerSearch(params (string Node, string? Dataset)[] nodes) =>
        _bench.Link.Answers = (topic, content) => Answer(topic, content, [.. nodes.Select(n => (n.Node, n.Dataset, "a"))]);

    private void Answer(string topic, System.Text.Json.Nodes.JsonObject content, params (string Node, string? Dataset, string Tag)[] nodes)
    {
        _bench.Pong(topic, content, [.. nodes.Select(n => n.Node)]);
        if ((string?)content["command"] == "search")
        {
            foreach ((string node, string? dataset, string tag) in nodes.Where(n => n.Dataset is not null && RequestsBench.Hears(n.Node, topic)))
            {
                _bench.Link.Reply(NodeSays.Found(RequestsBench.Me, node, dataset!, tag));
            }
        }
    }
}
