using FedJob.Metrics;

namespace FedJob.Tests.Metrics;

public sealed class BroadcastTests
{
    [Fact]
    public async Task Publish_Filters_DecideWhoGetsWhat()
    {
        var broadcast = new Broadcast<int>();
        Subscription<int> even = broadcast.Subscribe(i => i % 2 == 0);
        Subscription<int> all = broadcast.Subscribe(_ => true);

        for (int i = 0; i < 5; i++)
        {
            broadcast.Publish(i);
        }

        broadcast.Dispose();

        Assert.Equal([0, 2, 4], await ReadAsync(even));
        Assert.Equal([0, 1, 2, 3, 4], await ReadAsync(all));
    }

    [Fact]
    public async Task Subscribe_AfterTheEnd_HasEndedToo()
    {
        var broadcast = new Broadcast<int>();
        broadcast.Dispose();

        Subscription<int> late = broadcast.Subscribe(_ => true);
        broadcast.Publish(1);

        Assert.Empty(await ReadAsync(late));
    }

    [Fact]
    public async Task Dispose_OneSubscription_LeavesTheOthers()
    {
        var broadcast = new Broadcast<int>();
        Subscription<int> one = broadcast.Subscribe(_ => true);
        Subscription<int> two = broadcast.Subscribe(_ => true);

        one.Dispose();
        one.Dispose();
        broadcast.Publish(1);
        two.Dispose();

        Assert.Empty(await ReadAsync(one));
        Assert.Equal([1], await ReadAsync(two));
    }

    private static async Task<List<int>> ReadAsync(Subscription<int> subscription)
    {
        List<int> items = [];
        await foreach (int item in subscription.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            items.Add(item);
        }

        return items;
    }
}
