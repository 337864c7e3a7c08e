using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Malformed and contradictory replies over the wire.</summary>
public sealed class WireInputTests
{
    [Theory]
    [Trait("input", "1")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_GarbageOnTheReplyTopic_IsCountedAndTheRoundCompletes(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        (NodeGate a, NodeGate b) = (bench.Gate("a"), bench.Gate("b"));

        Task<RoundResult> round = bench.RunAsync();
        EmulatedTask task = await a.BegunAsync();
        await b.BegunAsync();
        byte[][] garbage = [.. Garbage(task)];
        foreach (byte[] payload in garbage)
        {
            await bench.Raw.SayAsync(Topics.Researchers, payload);
        }

        a.Open();
        b.Open();

        Assert.Equal(RoundOutcome.Completed, (await round).Outcome);
        Assert.Equal(PythonBench.Round(0), bench.Mean, 1e-12);
        Assert.Equal(garbage.Length, bench.Client.Requests.RefusedCount);
    }

    [Theory]
    [Trait("input", "2")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_MalformedReplyWithTheRightIds_IsRejectedAtOnceNamingTheField(Fleet fleet)
    {
        NodeVerdict verdict = await VerdictAsync(fleet, reply => reply["sample_size"] = "3");

        Assert.Equal(VerdictKind.Rejected, verdict.Kind);
        Assert.Contains("sample_size", verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("input", "4")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ReplayAndASecondDifferentReply_FirstIsKept(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        NodeGate b = bench.Gate("b");
        var first = new TaskCompletionSource<EmulatedTask>(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Before("a", (task, _) =>
        {
            first.TrySetResult(task);
            return Task.CompletedTask;
        });

        Task<RoundResult> round = bench.RunAsync();
        JsonObject reply = await bench.Raw.NextAsync("train", "a");
        JsonObject other = reply.DeepClone().AsObject();
        other["sample_size"] = 1000;
        await bench.Raw.SayAsync(reply);
        await bench.Raw.SayAsync(other);
        await bench.Raw.SayAsync(RawLink.Reply(await first.Task, "a", success: false));
        await bench.Raw.SayAsync(RawLink.Error((await first.Task).ResearcherId, "a", "FB313: no dataset matching request"));
        b.Open();

        Assert.Equal(["a:3:Succeeded", "b:1:Succeeded"], (await round).Verdicts.Select(v => $"{v.NodeId}:{v.SampleCount}:{v.Kind}"));
        Assert.Equal(PythonBench.Round(0), bench.Mean, 1e-12);
        Assert.InRange(bench.Client.Requests.RefusedCount, 3, 4);
    }

    [Theory]
    [Trait("input", "7")]
    [MemberData(nameof(SampleCounts))]
    public async Task RunRoundAsync_ImpossibleSampleCount_IsRejectedAtOnce(Fleet fleet, string json)
    {
        NodeVerdict verdict = await VerdictAsync(fleet, reply => reply["sample_size"] = JsonNode.Parse(json));

        Assert.Equal(VerdictKind.Rejected, verdict.Kind);
        Assert.Contains("sample_size", verdict.Reason, StringComparison.Ordinal);
    }

    /// <summary>No JSON, but what Python writes for a float that is none.</summary>
    [Theory]
    [Trait("input", "7")]
    [InlineData(Fleet.FedBioMedEmbedded, "NaN")]
    [InlineData(Fleet.FedBioMedMosquitto, "Infinity")]
    [InlineData(Fleet.FedBioMedEmbedded, "-Infinity")]
    [InlineData(Fleet.FedBioMedMosquitto, "-1.5")]
    public async Task RunRoundAsync_TimingThatIsNoTime_IsRejectedAtOnce(Fleet fleet, string value)
    {
        NodeVerdict verdict = await VerdictAsync(
            fleet, reply => reply["msg"] = "a text with \" NaN, \\", said => said.Replace("1.5", value, StringComparison.Ordinal));

        Assert.Equal(VerdictKind.Rejected, verdict.Kind);
        Assert.Contains("rtime_training", verdict.Reason, StringComparison.Ordinal);
    }

    public static TheoryData<Fleet, string> SampleCounts()
    {
        var data = new TheoryData<Fleet, string>();
        foreach (string json in (string[])["null", "0", "-1", "1000000000001", "1e300", "99999999999999999999", "2.5", "true"])
        {
            data.Add(data.Count % 2 == 0 ? Fleet.FedBioMedEmbedded : Fleet.FedBioMedMosquitto, json);
        }

        return data;
    }

    /// <summary>What one reply in node a's name, changed, comes to while a itself trains on.</summary>
    private static async Task<NodeVerdict> VerdictAsync(Fleet fleet, Action<JsonObject> change, Func<string, string>? spell = null)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        NodeGate a = bench.Gate("a");
        long began = Stopwatch.GetTimestamp();

        Task<RoundResult> round = bench.RunAsync(PythonBench.OneIsEnough);
        JsonObject reply = RawLink.Reply(await a.BegunAsync(), "a");
        change(reply);
        await bench.Raw.SayAsync(spell is null ? reply.ToJsonString() : spell(reply.ToJsonString()));
        RoundResult result = await round;

        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TestTimeouts.Default / 2);
        Assert.Equal((VerdictKind.Succeeded, 5.0), (result.Verdicts[1].Kind, bench.Mean));
        return result.Verdicts[0];
    }

    private static IEnumerable<byte[]> Garbage(EmulatedTask task)
    {
        string whole = RawLink.Reply(task, "a").ToJsonString();
        string[] texts =
        [
            " ", "this is not json", "null", "42", "\"text\"", "[]", "{}", "{\"command\": \"train\"}", whole[..^1], whole + whole,
            "{\"command\": 7, \"node_id\": \"a\", \"protocol_version\": \"1\", \"researcher_id\": \"r\"}",
            "{\"command\": \"no-such-command\", \"node_id\": \"a\", \"protocol_version\": \"1\", \"researcher_id\": \"r\"}",
            new string('[', 100_000), new string('9', 100_000), "{\"command\": \"" + new string('x', 1 << 20) + "\"}",
            whole.Replace("\"node_id\":\"a\"", "\"node_id\":\"../../a\"", StringComparison.Ordinal),
            whole.Replace("\"node_id\":\"a\"", "\"node_id\":[\"a\"]", StringComparison.Ordinal),
            whole.Replace("\"researcher_id\"", "\"researcher\"", StringComparison.Ordinal),
        ];
        byte[] halfCharacter = [.. "{\"node_id\": \""u8, 0xC3, 0x28, .. "\"}"u8];
        return [.. texts.Select(Encoding.UTF8.GetBytes), [], [0xFF, 0xFE, 0x00], [0xEF, 0xBB, 0xBF], halfCharacter];
    }
}
