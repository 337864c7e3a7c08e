using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Every captured message of a node is read to the values of its JSON, and written again equal.</summary>
public sealed class ReplyGoldenTests
{
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(GoldenFixtures.Scenarios), MemberType = typeof(GoldenFixtures))]
    public void TryReadFromNode_CapturedMessage_HasItsValuesAndIsWrittenAgain(string scenario)
    {
        foreach (Captured captured in GoldenFixtures.NodeMessages(scenario))
        {
            AssertReadAndWritten(captured);
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(GoldenFixtures.Reactions), MemberType = typeof(GoldenFixtures))]
    public void TryReadFromNode_AnswerToAMalformedMessage_HasItsValuesAndIsWrittenAgain(string file)
    {
        foreach (JsonElement one in GoldenFixtures.Cases(file))
        {
            foreach (JsonElement received in one.GetProperty("received").EnumerateArray())
            {
                JsonElement payload = received.GetProperty("payload");
                AssertReadAndWritten(new Captured(
                    $"{file}, {one.GetProperty("case")}", "", payload, Encoding.UTF8.GetBytes(payload.GetRawText())));
            }
        }
    }

    private static void AssertReadAndWritten(Captured captured)
    {
        bool read = MessageReader.TryReadFromNode(captured.Bytes, out NodeMessage? message, out string? rejection);
        if (RefusedReplies.Why(captured) is { } reason)
        {
            Assert.False(read, $"{captured.Where}: it was read, although {reason}.");
            Assert.EndsWith(".", rejection);
            return;
        }

        Assert.True(read, $"{captured.Where}: {rejection}");
        ReplyValues.AssertSame(captured.Payload, message!);
        using JsonDocument written = JsonDocument.Parse(MessageWriter.Write(message!));
        string? difference = JsonDifference.Find(Comparable(captured.Payload), Comparable(written.RootElement));
        Assert.True(difference is null, $"{captured.Where}: {difference}");
    }

    /// <summary>What of a message must come back: not the spelling of JSON in JSON, of whole metrics, or of what a node left out.</summary>
    private static JsonElement Comparable(JsonElement payload)
    {
        JsonObject copy = JsonObject.Create(payload)!;
        switch (copy["command"]!.GetValue<string>())
        {
            case "log":
                copy["msg"] = Line(copy["msg"]!.GetValue<string>());
                break;
            case "add_scalar":
                copy["metric"] = new JsonObject(payload.GetProperty("metric").EnumerateObject()
                    .Select(m => KeyValuePair.Create(m.Name, (JsonNode?)JsonValue.Create(m.Value.GetDouble()))));
                break;
            case "train":
                string[] clocks = ["rtime_training", "ptime_training"];
                copy["timing"] = new JsonObject(payload.GetProperty("timing").EnumerateObject().Where(t => clocks.Contains(t.Name))
                    .Select(t => KeyValuePair.Create(t.Name, (JsonNode?)JsonValue.Create(t.Value.GetDouble()))));
                break;
            case "search" or "list":
                foreach (JsonObject dataset in copy["databases"]!.AsArray().OfType<JsonObject>())
                {
                    string[] absent = [.. dataset.Where(p => p.Value is null).Select(p => p.Key)];
                    Array.ForEach(absent, name => dataset.Remove(name));
                }

                break;
        }

        return JsonSerializer.SerializeToElement(copy);
    }

    /// <summary>The five fields of a log line; another text is the message of one without the others.</summary>
    private static JsonObject Line(string text)
    {
        JsonObject? line = ReplyValues.ParseLine(text);
        return new JsonObject
        {
            ["message"] = line?["message"]?.GetValue<string>() ?? text,
            ["asctime"] = line?["asctime"]?.GetValue<string>(),
            ["name"] = line?["name"]?.GetValue<string>(),
        };
    }
}
