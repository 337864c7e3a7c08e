using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class DropCounterTests
{
    private readonly FakeLogger _logger = new();

    [Fact]
    public void Count_AThousandOnOneTopic_LogsAtEachPowerOfTen()
    {
        var counter = new DropCounter(_logger);
        for (var i = 0; i < 1000; i++)
        {
            counter.Count("general/researcher", "full");
        }

        Assert.Equal(1000, counter.Total);
        Assert.Equal(["1", "10", "100", "1000"], _logger.Collector.GetSnapshot().Select(record => record.GetStructuredStateValue("Count")));
        Assert.All(_logger.Collector.GetSnapshot(), record => Assert.Equal((LogLevel.Warning, 1210), (record.Level, record.Id.Id)));
    }

    [Fact]
    public void Count_OtherTopic_LogsItToo()
    {
        var counter = new DropCounter(_logger);
        counter.Count("a", "full");
        counter.Count("b", "full");

        Assert.Equal(["a", "b"], _logger.Collector.GetSnapshot().Select(record => record.GetStructuredStateValue("Topic")));
    }

    [Fact]
    [Trait("input", "6")]
    public void Count_EndlessTopics_LogStaysBounded()
    {
        var counter = new DropCounter(_logger);
        for (var i = 0; i < 10_000; i++)
        {
            counter.Count($"fedjob/{i}/presence", "full");
        }

        Assert.Equal(10_000, counter.Total);
        Assert.InRange(_logger.Collector.Count, 256, 265);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(10, true)]
    [InlineData(11, false)]
    [InlineData(1000000, true)]
    public void IsPowerOfTen_Count_IsRight(long count, bool expected) => Assert.Equal(expected, DropCounter.IsPowerOfTen(count));
}
