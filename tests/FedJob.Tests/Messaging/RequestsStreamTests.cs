using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Messaging;

public sealed class RequestsStreamTests : IAsyncDisposable
{
    private readonly RequestsBench _bench = new();

    [Fact]
    [Trait("input", "3")]
    [Trait("seed", "33")]
    public async Task SubscribeToMetrics_OtherResearchersAndJobs_AreNotSeen()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1", round: 3)]);
        Subscription<NodeMetric> metrics = _bench.Requests.SubscribeToMetrics("job_1");

        Metric("researcher_other", "job_1", 1);
        Metric("researcher_me2", "job_1", 2);
        Metric("researcher_me.1", "job_2", 3);
        Metric("researcher_me.1", "job_1", 4);
        metrics.Dispose();

        NodeMetric seen = Assert.Single(await ReadAsync(metrics));
        Assert.Equal(4, seen.Message.Iteration);
        Assert.Equal(3, seen.Round);
        Assert.Equal("node_1", seen.NodeId);
        Assert.Equal(2, _bench.Requests.RefusedCount);
    }

    [Fact]
    public async Task SubscribeToMetrics_FedJobNodeOrLateReport_HasTheRoundOnlyWhileItRuns()
    {
        IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1", round: 3)]);
        Subscription<NodeMetric> metrics = _bench.Requests.SubscribeToMetrics("job_1");

        _bench.Link.Deliver(Topics.Monitoring, NodeSays.Metric(RequestsBench.Me, "node_1", "job_1", 1), (WireProperties.RequestId, "researcher_me.1"));
        window.Dispose();
        _bench.Link.Deliver(Topics.Monitoring, NodeSays.Metric(RequestsBench.Me, "node_1", "job_1", 2), (WireProperties.RequestId, "researcher_me.1"));
        metrics.Dispose();

        Assert.Equal([3, null], (await ReadAsync(metrics)).Select(m => m.Round));
    }

    [Fact]
    public async Task SubscribeToLogs_WithAndWithoutJob_FiltersByTheRequest()
    {
        using IReplyWindow window = _bench.Requests.OpenReplyWindow([RequestsBench.Ticket("node_1", "researcher_me.1")]);
        Subscription<NodeLog> all = _bench.Requests.SubscribeToLogs();
        Subscription<NodeLog> ofJob = _bench.Requests.SubscribeToLogs("job_1");

        _bench.Link.Deliver(Topics.Logger, NodeSays.Log("node_1", "of nobody"));
        _bench.Link.Deliver(Topics.Logger, NodeSays.Log("node_1", "of the job"), (WireProperties.RequestId, "researcher_me.1"));
        all.Dispose();
        ofJob.Dispose();

        Assert.Equal(["of nobody", "of the job"], (await ReadAsync(all)).Select(l => l.Message.Text));
        NodeLog mine = Assert.Single(await ReadAsync(ofJob));
        Assert.Equal(("of the job", "job_1", "node_1"), (mine.Message.Text, mine.JobId, mine.NodeId));
    }

    [Fact]
    public async Task Subscriptions_LinkFails_End()
    {
        Subscription<NodeMetric> metrics = _bench.Requests.SubscribeToMetrics("job_1");
        Subscription<NodeLog> logs = _bench.Requests.SubscribeToLogs();
        Metric("researcher_me", "job_1", 1);

        _bench.Link.Close(new InvalidOperationException("gone"));

        Assert.Single(await ReadAsync(metrics));
        Assert.Empty(await ReadAsync(logs));
        Assert.Empty(await ReadAsync(_bench.Requests.SubscribeToMetrics("job_1")));
    }

    [Fact]
    [Trait("input", "6")]
    public async Task Subscription_SlowReader_LosesTheOldestAndCountsThem()
    {
        Subscription<NodeMetric> metrics = _bench.Requests.SubscribeToMetrics("job_1");
        for (int i = 0; i < 4100; i++)
        {
            Metric("researcher_me", "job_1", i);
        }

        metrics.Dispose();

        List<NodeMetric> seen = await ReadAsync(metrics);
        Assert.Equal(4096, seen.Count);
        Assert.Equal(4, seen[0].Message.Iteration);
        Assert.Equal(4, metrics.DroppedCount);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private static async Task<List<T>> ReadAsync<T>(Subscription<T> subscription)
    {
        List<T> items = [];
        await foreach (T item in subscription.ReadAllAsync(RequestsBench.Token))
        {
            items.Add(item);
        }

        return items;
    }

    private void Metric(string researcher, string job, int iteration) =>
        _bench.Link.Deliver(Topics.Monitoring, NodeSays.Metric(researcher, "node_1", job, iteration));
}
