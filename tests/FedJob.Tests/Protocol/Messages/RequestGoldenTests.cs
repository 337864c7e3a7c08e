using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>Every captured request is read, and produced again with the same fields, values and number forms.</summary>
public sealed class RequestGoldenTests
{
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(GoldenFixtures.Scenarios), MemberType = typeof(GoldenFixtures))]
    public void Write_CapturedRequestThatWasRead_IsTheCapturedOne(string scenario)
    {
        foreach (Captured captured in GoldenFixtures.Requests(scenario))
        {
            if (RefusedRequests.Why(captured.Payload) is { } reason)
            {
                AssertRefused(captured, reason);
                continue;
            }

            Assert.True(MessageReader.TryReadFromResearcher(captured.Bytes, out ResearcherRequest? request, out string? rejection),
                $"{captured.Where}: {rejection}");
            Assert.Equal(captured.Command, request.Command);
            AssertWrites(captured, request);
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(GoldenFixtures.Scenarios), MemberType = typeof(GoldenFixtures))]
    public void Write_CapturedRequestAsTypedInput_IsTheCapturedOne(string scenario)
    {
        foreach (Captured captured in GoldenFixtures.Requests(scenario).Where(c => RefusedRequests.Why(c.Payload) is null))
        {
            AssertWrites(captured, TypedInput.From(captured.Payload));
        }
    }

    [Fact]
    public void Requests_OfAllScenarios_AreThere()
    {
        // the theories above would pass over captures without a single request
        Assert.SkipUnless(GoldenFixtures.Scenarios().Count > 0, "There is no mqtt folder with captures.");

        Assert.NotEmpty(GoldenFixtures.Scenarios().SelectMany(s => GoldenFixtures.Requests(s.Data)));
    }

    /// <summary>A request that nodes take, or only fail later, and that FedJob never sends: reader or gate refuses it.</summary>
    private static void AssertRefused(Captured captured, string reason)
    {
        if (MessageReader.TryReadFromResearcher(captured.Bytes, out ResearcherRequest? request, out _))
        {
            Exception? refusal = Record.Exception(() => MessageWriter.Write(request));
            Assert.True(refusal is MessageFormatException, $"{captured.Where}: nothing refuses it, although {reason}.");
        }
    }

    private static void AssertWrites(Captured captured, ResearcherRequest request)
    {
        JsonElement expected = captured.Payload;
        if (request is TrainRequest { AggregatorArgs: var args } train && args.Any(HasPath))
        {
            // The Python researcher tells nodes the path of its own file. FedJob refuses to, and sends the bare name.
            MessageFormatException refused = Assert.Throws<MessageFormatException>(() => MessageWriter.Write(request));
            Assert.EndsWith(".filename", refused.Field);
            request = train with { AggregatorArgs = WithBareNames(args) };
            JsonObject bare = JsonObject.Create(expected)!;
            bare["aggregator_args"] = WithBareNames(bare["aggregator_args"]!.AsObject());
            expected = JsonSerializer.SerializeToElement(bare);
        }

        using JsonDocument written = JsonDocument.Parse(MessageWriter.Write(request));
        string? difference = JsonDifference.Find(expected, written.RootElement);
        Assert.True(difference is null, $"{captured.Where}: {difference}");
    }

    private static bool HasPath(KeyValuePair<string, JsonNode?> argument) =>
        argument.Value is JsonObject file && file["filename"] is JsonValue name && name.GetValue<string>().AsSpan().ContainsAny('/', '\\', ':');

    private static JsonObject WithBareNames(JsonObject args)
    {
        JsonObject copy = args.DeepClone().AsObject();
        foreach (JsonObject file in copy.Select(a => a.Value).OfType<JsonObject>())
        {
            file["filename"] = file["filename"]!.GetValue<string>().Split('/', '\\', ':')[^1];
        }

        return copy;
    }
}
