using System.Text;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Who sent a reply that is refused: its request must not wait for the deadline.</summary>
public sealed class ReplySenderTests
{
    [Theory]
    [Trait("input", "2")]
    [Trait("input", "7")]
    [InlineData("""{"rtime_training": NaN}""")]
    [InlineData("""{"rtime_training": Infinity}""")]
    [InlineData("""{"rtime_training": -Infinity, "ptime_training": NaN}""")]
    [InlineData("""[NaN,NaN,"NaN \" Infinity",Infinity]""")]
    [InlineData("\"soon\"")]
    public void FindSender_RefusedValue_IsFound(string timing)
    {
        byte[] reply = Reply(timing);

        Assert.False(MessageReader.TryReadFromNode(reply, out _, out _));
        Assert.Equal(new ReplySender("train", "researcher_1.abc", "a"), MessageReader.FindSender(reply));
    }

    [Theory]
    [Trait("input", "1")]
    [InlineData("NaNNaN")]
    [InlineData("Infinit")]
    [InlineData("nan")]
    [InlineData("\"NaN")]
    public void FindSender_NoJsonEither_IsNull(string timing) => Assert.Null(MessageReader.FindSender(Reply(timing)));

    private static byte[] Reply(string timing) => Encoding.UTF8.GetBytes(
        $$"""{"protocol_version":"1","command":"train","researcher_id":"researcher_1.abc","node_id":"a","msg":"NaN and Infinity","timing":{{timing}}}""");
}
