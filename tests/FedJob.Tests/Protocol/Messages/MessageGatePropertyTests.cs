using CsCheck;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// Attacks the gate with random messages: each is refused typed, or is right by the tables of the protocol, written down here again.
/// </summary>
[Trait("input", "2")]
[Trait("input", "5")]
[Trait("input", "7")]
public sealed class MessageGatePropertyTests
{
    private const int Count = 6_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Write_RandomRequest_IsRefusedTypedOrRight(uint seed)
    {
        (int accepted, int refused) = Attack(MessageGenerators.Request, seed, (message, bytes) =>
        {
            string? wrong = ProtocolChecker.Request(bytes);
            Assert.True(wrong is null, $"The gate let through what a node refuses: {wrong}: {System.Text.Encoding.UTF8.GetString(bytes)}");
            Assert.True(MessageReader.TryReadFromResearcher(bytes, out ResearcherRequest? read, out string? rejection), rejection);
            Assert.Equal(message.GetType(), read.GetType());
            Assert.Null(JsonDifference.Find(bytes, MessageWriter.Write(read)));
        });

        Assert.InRange(accepted, Count / 10, Count);
        Assert.InRange(refused, Count / 10, Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Write_RandomNodeMessage_IsRefusedTypedOrRight(uint seed)
    {
        (int accepted, int refused) = Attack(MessageGenerators.NodeMessage, seed, (message, bytes) =>
        {
            string? wrong = ProtocolChecker.Reply(bytes);
            Assert.True(wrong is null,
                $"The gate let through what a researcher cannot read: {wrong}: {System.Text.Encoding.UTF8.GetString(bytes)}");
            Assert.True(MessageReader.TryReadFromNode(bytes, out NodeMessage? read, out string? rejection), rejection);
            Assert.Equal(message.GetType(), read.GetType());
            Assert.Null(JsonDifference.Find(bytes, MessageWriter.Write(read)));
        });

        Assert.InRange(accepted, Count / 10, Count);
        Assert.InRange(refused, Count / 10, Count);
    }

    private static (int Accepted, int Refused) Attack(Gen<ProtocolMessage> messages, uint seed, Action<ProtocolMessage, byte[]> check)
    {
        var random = new PCG(seed, 4711);
        int refused = 0;
        for (int i = 0; i < Count; i++)
        {
            ProtocolMessage message = messages.Generate(random, null, out _);
            byte[] bytes;
            try
            {
                bytes = MessageWriter.Write(message);
            }
            catch (MessageFormatException e)
            {
                Assert.NotEmpty(e.Message);
                refused++;
                continue;
            }

            check(message, bytes);
        }

        return (Count - refused, refused);
    }
}
