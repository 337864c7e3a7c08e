using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class InboundQueuesTests
{
    private static readonly Dictionary<string, string> NoProperties = [];

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Accept_Matching_CopiesStampsAndQueues()
    {
        var queues = Make(10, new MqttSubscription("general/researcher", 4));
        byte[] bytes = [1, 2, 3];
        _time.Advance(TimeSpan.FromSeconds(5));

        queues.Accept("general/researcher", new(bytes), new Dictionary<string, string> { ["k"] = "v" }, Never);
        bytes[0] = 9;
        _time.Advance(TimeSpan.FromSeconds(5));

        var message = await queues.GetReader("general/researcher").ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], message.Payload.ToArray());
        Assert.Equal("v", message.UserProperties["k"]);
        Assert.Equal("general/researcher", message.Topic);
        Assert.Equal(TimeSpan.FromSeconds(5), _time.GetElapsedTime(message.ArrivalTimestamp));
        Assert.Equal(0, queues.Dropped.Total);
    }

    [Fact]
    [Trait("input", "6")]
    public void Accept_FullQueue_DropsTheNewestCountsAndLeavesOtherQueuesAlone()
    {
        var queues = Make(10, new MqttSubscription("a", 2), new MqttSubscription("b", 2));
        for (byte i = 0; i < 5; i++)
        {
            queues.Accept("a", new([i]), NoProperties, Never);
        }

        queues.Accept("b", new([7]), NoProperties, Never);

        Assert.Equal(3, queues.Dropped.Total);
        Assert.Equal([0, 1], Drain(queues, "a"));
        Assert.Equal([7], Drain(queues, "b"));
    }

    [Fact]
    [Trait("input", "1")]
    public void Accept_LargestAndOneMore_DropsTheLarger()
    {
        var queues = Make(3, new MqttSubscription("a", 9));

        queues.Accept("a", new([1, 2, 3]), NoProperties, Never);
        queues.Accept("a", new([1, 2, 3, 4]), NoProperties, Never);

        Assert.Equal(1, queues.Dropped.Total);
        Assert.Equal([1], Drain(queues, "a"));
    }

    [Fact]
    public void Accept_SeveralFiltersMatch_TheExactOneThenTheFirst()
    {
        var queues = Make(10, new MqttSubscription("a/#", 9), new MqttSubscription("a/+", 9), new MqttSubscription("a/b", 9));

        queues.Accept("a/b", new([1]), NoProperties, Never);
        queues.Accept("a/c", new([2]), NoProperties, Never);

        Assert.Equal([1], Drain(queues, "a/b"));
        Assert.Equal([2], Drain(queues, "a/#"));
        Assert.Equal([], Drain(queues, "a/+"));
        Assert.Equal(0, queues.Dropped.Total);
    }

    [Fact]
    public void Accept_NoSubscription_DropsAndCounts()
    {
        var queues = Make(10, new MqttSubscription("a", 2));

        Assert.False(queues.Accept("elsewhere", new([1]), NoProperties, Never));

        Assert.Equal(1, queues.Dropped.Total);
    }

    [Fact]
    public async Task Accept_ManualAcknowledge_LeavesItToTheReader()
    {
        var queues = Make(10, new MqttSubscription("a", 1) { ManualAcknowledge = true });
        var acknowledged = 0;
        Task Acknowledge(CancellationToken cancellationToken)
        {
            acknowledged++;
            return Task.CompletedTask;
        }

        Assert.True(queues.Accept("a", new([1]), NoProperties, Acknowledge));
        Assert.False(queues.Accept("a", new([2]), NoProperties, Acknowledge), "what is dropped is acknowledged by the link");
        Assert.Equal(0, acknowledged);

        var message = await queues.GetReader("a").ReadAsync(TestContext.Current.CancellationToken);
        await message.AcknowledgeAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, acknowledged);
    }

    [Fact]
    public async Task Complete_WithReason_ReaderGetsWhatWasThereThenTheReason()
    {
        var queues = Make(10, new MqttSubscription("a", 2));
        queues.Accept("a", new([1]), NoProperties, Never);
        var reason = new InvalidOperationException("why");

        queues.Complete(reason);
        queues.Accept("a", new([2]), NoProperties, Never);

        Assert.Equal([1], Drain(queues, "a"));
        Assert.Same(reason, await Assert.ThrowsAsync<InvalidOperationException>(() => queues.GetReader("a").Completion));
        Assert.Equal(0, queues.Dropped.Total);
    }

    [Fact]
    public void GetReader_UnknownFilter_NamesTheKnown()
    {
        var queues = Make(10, new MqttSubscription("a/+", 2));

        Assert.Contains("'a/+'", Assert.Throws<ArgumentException>(() => queues.GetReader("a/b")).Message, StringComparison.Ordinal);
    }

    private static Task Never(CancellationToken cancellationToken) => throw new InvalidOperationException("not to be acknowledged by hand");

    private static List<byte> Drain(InboundQueues queues, string filter)
    {
        var first = new List<byte>();
        while (queues.GetReader(filter).TryRead(out var message))
        {
            first.Add(message.Payload.Span[0]);
        }

        return first;
    }

    private InboundQueues Make(int maximumBytes, params MqttSubscription[] subscriptions) =>
        new(
            LinkOptions.Freeze(new BrokerOptions { MaximumMessageBytes = maximumBytes }, new MqttLinkSettings { ClientId = "c", Subscriptions = subscriptions }),
            MqttNetArrivals.Matches,
            new DropCounter(new FakeLogger()),
            _time);
}
