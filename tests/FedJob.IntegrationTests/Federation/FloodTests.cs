using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using FedJob.Metrics;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>One client floods all that a researcher hears while a round runs.</summary>
public sealed class FloodTests
{
    private const int Messages = 20_000;
    private const int AtOnce = 200;

    [Theory]
    [Trait("input", "6")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_FloodOfEveryTopic_CompletesInBoundedTimeAndMemory(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        (NodeGate a, NodeGate b) = (bench.Gate("a"), bench.Gate("b"));

        // Streams that nobody reads must not keep all that comes.
        using Subscription<NodeMetric> metrics = bench.Job.SubscribeToMetrics();
        using Subscription<NodeLog> logs = bench.Client.Requests.SubscribeToLogs();
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        long began = Stopwatch.GetTimestamp();

        Task<RoundResult> round = bench.RunAsync();
        EmulatedTask task = await a.BegunAsync();
        await b.BegunAsync();
        Task flood = FloodAsync(bench.Raw, task);

        // Node b replies in the midst of it, node a after it.
        b.Open();
        await flood;
        a.Open();
        RoundResult result = await round;

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal(["a:3", "b:1"], result.Verdicts.Select(v => $"{v.NodeId}:{v.SampleCount}"));
        Assert.Equal(PythonBench.Round(0), bench.Mean, 1e-12);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TestTimeouts.Default);
        Assert.InRange(bench.Client.Requests.RefusedCount, 1, Messages);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, 64L << 20);
    }

    private static async Task FloodAsync(RawLink raw, EmulatedTask task)
    {
        (string Topic, byte[] Payload)[] kinds =
        [
            (Topics.Researchers, Bytes(RawLink.Reply(task with { ResearcherId = task.ResearcherId + "0" }, "flooder"))),
            (Topics.Researchers, Bytes(RawLink.Error("NOT_SET", "flooder", "FB300: undetermined node error"))),
            (Topics.Researchers, "no message at all"u8.ToArray()),
            (Topics.Monitoring, Bytes(Metric(task))),
            (Topics.Logger, Bytes(Log())),
        ];
        foreach (int[] some in Enumerable.Range(0, Messages).Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(n => raw.SayAsync(kinds[n % kinds.Length].Topic, kinds[n % kinds.Length].Payload)));
        }
    }

    private static byte[] Bytes(JsonNode message) => Encoding.UTF8.GetBytes(message.ToJsonString());

    private static JsonObject Metric(EmulatedTask task) => new()
    {
        ["protocol_version"] = "1",
        ["researcher_id"] = task.ResearcherId,
        ["node_id"] = "flooder",
        ["job_id"] = task.JobId,
        ["train"] = true,
        ["test"] = false,
        ["test_on_local_updates"] = false,
        ["test_on_global_updates"] = false,
        ["metric"] = new JsonObject { ["Loss"] = 1.5 },
        ["epoch"] = 1,
        ["total_samples"] = 10,
        ["batch_samples"] = 1,
        ["num_batches"] = 10,
        ["num_samples_trained"] = 1,
        ["iteration"] = 1,
        ["command"] = "add_scalar",
    };

    private static JsonObject Log() => new()
    {
        ["command"] = "log",
        ["level"] = "INFO",
        ["msg"] = new JsonObject
        {
            ["asctime"] = "2026-01-01 00:00:00,000",
            ["node_id"] = "flooder",
            ["name"] = "fedbiomed",
            ["level"] = "INFO",
            ["message"] = new string('x', 200),
        }.ToJsonString(),
        ["node_id"] = "flooder",
        ["researcher_id"] = "<unknown>",
        ["protocol_version"] = "1",
    };
}
