using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Every captured message of a node is read to the values of its JSON, and written again equal.</summary>
public sealed class ReplyGoldenTests
{
    [Theory]
    [MemberData(nameof(GoldenFixtures.Scenarios), MemberType = typeof(GoldenFixtures))]
    public void TryReadFromNode_CapturedMessage_HasItsValuesAndIsWrittenAgain(string scenario)
    {
        foreach (Captured captured in GoldenFixtures.NodeMessages(scenario))
        {
            AssertReadAndWritten(captured.Payload, captured.Where);
        }
    }

    [Theory]
    [MemberData(nameof(GoldenFixtures.Reactions), MemberType = typeof(GoldenFixtures))]
    public void TryReadFromNode_AnswerToAMalformedMessage_HasItsValuesAndIsWrittenAgain(string file)
    {
        foreach (JsonElement one in GoldenFixtures.Cases(file))
        {
            foreach (JsonElement received in one.GetProperty("received").EnumerateArray())
            {
                AssertReadAndWritten(received.GetProperty("payload"), $"{file}, {one.GetProperty("case")}");
            }
        }
    }

    private static void AssertReadAndWritten(JsonElement payload, string where)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(payload.GetRawText());
        Assert.True(MessageReader.TryReadFromNode(bytes, out NodeMessage? message, out string? rejection), $"{where}: {rejection}");
        ReplyValues.AssertSame(payload, message);
        using JsonDocument written = JsonDocument.Parse(MessageWriter.Write(message));
        string? difference = JsonDifference.Find(Unwrapped(payload), Unwrapped(written.RootElement));
        Assert.True(difference is null, $"{where}: {difference}");
    }

    /// <summary>The text in a log's msg is JSON itself, whose spacing and escapes do not matter.</summary>
    private static JsonElement Unwrapped(JsonElement payload)
    {
        if (payload.GetProperty("command").GetString() != "log")
        {
            return payload;
        }

        JsonObject copy = JsonObject.Create(payload)!;
        copy["msg"] = JsonNode.Parse(copy["msg"]!.GetValue<string>());
        return JsonSerializer.SerializeToElement(copy);
    }
}
