using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Protocol.Mqtt;

public sealed class TopicRulesTests
{
    [Theory]
    [InlineData("general/nodes")]
    [InlineData("fedjob/+/presence")]
    [InlineData("#")]
    [InlineData("a/#")]
    [InlineData("+/+")]
    public void CheckFilter_Allowed_Passes(string filter) => TopicRules.CheckFilter(filter, "f");

    [Theory]
    [InlineData("")]
    [InlineData("a/b#")]
    [InlineData("#/a")]
    [InlineData("a+/b")]
    [InlineData("a\0b")]
    public void CheckFilter_NotAllowed_Throws(string filter) => Assert.ThrowsAny<ArgumentException>(() => TopicRules.CheckFilter(filter, "f"));

    [Theory]
    [InlineData("")]
    [InlineData("a/+")]
    [InlineData("a/#")]
    [InlineData("a\0b")]
    public void CheckTopic_NotAllowed_Throws(string topic) => Assert.ThrowsAny<ArgumentException>(() => TopicRules.CheckTopic(topic, "t"));

    [Fact]
    public void CheckTopic_TooLong_ThrowsWithoutRepeatingAllOfIt() =>
        Assert.InRange(Assert.Throws<ArgumentException>(() => TopicRules.CheckTopic(new string('a', 65536), "t")).Message.Length, 200, 400);

    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/c", false)]
    [InlineData("a/b", "a/+", true)]
    [InlineData("a/b/c", "a/+", false)]
    [InlineData("a/b/c", "a/#", true)]
    [InlineData("fedjob/n1/presence", "fedjob/+/presence", true)]
    [InlineData("fedjob/n1/n2/presence", "fedjob/+/presence", false)]
    public void Matches_TopicAndFilter_AsMqttHasIt(string topic, string filter, bool expected) => Assert.Equal(expected, MqttNetArrivals.Matches(topic, filter));
}
