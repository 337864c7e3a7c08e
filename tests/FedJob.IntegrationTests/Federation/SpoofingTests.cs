using System.Text.Json.Nodes;
using FedJob.Rounds;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>What others say in a round: refused and counted, and nobody is evicted for it.</summary>
public sealed class SpoofingTests
{
    [Theory]
    [Trait("input", "3")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_SuccessesOfOthers_AreRefusedAndTheMeanIsRight(Fleet fleet) =>
        await AssertRefusedAsync(fleet, (task, plain) =>
        [
            RawLink.Reply(task with { ResearcherId = "researcher_other" }, "a"),
            RawLink.Reply(task with { ResearcherId = "researcher_other.1" }, "a"),
            RawLink.Reply(task with { ResearcherId = plain + "x.1" }, "a"),
            RawLink.Reply(task with { ResearcherId = plain + ".1" }, "a"),
            RawLink.Reply(task with { ResearcherId = task.ResearcherId + "0" }, "a"),
            RawLink.Reply(task with { ResearcherId = plain }, "a"),
            RawLink.Reply(task with { ResearcherId = "NOT_SET" }, "a"),
            RawLink.Reply(task with { JobId = "job_other" }, "a"),
            RawLink.Reply(task, "b"),
            RawLink.Reply(task, "node_not_asked"),
        ]);

    [Theory]
    [Trait("input", "3")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_FailuresOfOthers_AreRefusedAndNobodyIsEvicted(Fleet fleet) =>
        await AssertRefusedAsync(fleet, (task, plain) =>
        [
            RawLink.Reply(task with { ResearcherId = "researcher_other.1" }, "a", success: false),
            RawLink.Reply(task with { ResearcherId = plain + ".1" }, "a", success: false),
            RawLink.Reply(task with { ResearcherId = plain }, "a", success: false),
            RawLink.Reply(task with { JobId = "job_other" }, "a", success: false),
            RawLink.Reply(task, "b", success: false),
            RawLink.Reply(task, "node_not_asked", success: false),
        ]);

    [Theory]
    [Trait("input", "3")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ErrorsOfOthers_AreRefusedAndNobodyIsEvicted(Fleet fleet) =>
        await AssertRefusedAsync(fleet, (task, plain) =>
        [
            .. from number in (string[])["FB300: undetermined node error", "FB301: Protocol error", "FB313: no dataset matching request"]
               from error in (JsonObject[])
               [
                   RawLink.Error("researcher_other.1", "a", number),
                   RawLink.Error(plain + ".1", "a", number),
                   RawLink.Error(task.ResearcherId, "b", number),
                   RawLink.Error(task.ResearcherId, "node_not_asked", number),
                   RawLink.Error("NOT_SET", "node_not_asked", number),
               ]
               select error,
        ]);

    /// <summary>The researcher's plain id is on no train request: such an error is about a question, and ends no training.</summary>
    [Theory]
    [Trait("input", "3")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ErrorsWithThePlainResearcherId_EndNoTraining(Fleet fleet) =>
        await AssertRefusedAsync(fleet, (_, plain) => [RawLink.Error(plain, "a", "FB301: Protocol error")], refused: 0);

    /// <summary>Says it all while a and b train; both are then let go.</summary>
    private static async Task AssertRefusedAsync(Fleet fleet, Func<EmulatedTask, string, JsonObject[]> lies, int? refused = null)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        (NodeGate a, NodeGate b) = (bench.Gate("a"), bench.Gate("b"));

        Task<RoundResult> round = bench.RunAsync();
        EmulatedTask task = await a.BegunAsync();
        await b.BegunAsync();
        JsonObject[] said = lies(task, bench.Client.Requests.ResearcherId);
        foreach (JsonObject lie in said)
        {
            await bench.Raw.SayAsync(lie);
        }

        a.Open();
        b.Open();
        RoundResult result = await round;

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal(["a:3", "b:1"], result.Verdicts.Select(v => $"{v.NodeId}:{v.SampleCount}"));
        Assert.Equal(PythonBench.Round(0), bench.Mean, 1e-12);
        Assert.Equal(refused ?? said.Length, bench.Client.Requests.RefusedCount);
    }
}
