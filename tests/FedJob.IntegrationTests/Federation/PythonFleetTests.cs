using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>What only Python nodes do to a job, and what others do in their name, over both brokers.</summary>
public sealed class PythonFleetTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ReplyOfTheRoundBefore_IsStaleAndNeverUsed(Fleet fleet)
    {
        TaskCompletionSource late = Signal();
        await using FleetFederation federation = await StartAsync(
            fleet,
            (task, _) =>
            {
                if (task.Round == 1)
                {
                    late.TrySetResult();
                }

                return Task.CompletedTask;
            },
            (task, token) => task.Round == 0 ? late.Task.WaitAsync(token) : Task.CompletedTask);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await JobAsync(client, federation);
        var first = new RoundPolicy { Deadline = TestTimeouts.Default, MinimumReplies = Quorum.Count(1) };

        RoundResult degraded = await job.RunRoundAsync(new RoundRequest { Policy = first }, Token);
        RoundResult complete = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal((RoundOutcome.Degraded, RoundOutcome.Completed), (degraded.Outcome, complete.Outcome));
        Assert.Equal(Round(Half(0, 2)), Mean(job), 1e-12);
        Assert.Equal(1, client.Requests.RefusedCount);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_DuplicateReply_CountsOnce(Fleet fleet)
    {
        TaskCompletionSource said = Signal();
        await using FleetFederation federation = await StartAsync(fleet, null, (_, token) => said.Task.WaitAsync(token));
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Intruder intruder = await Intruder.ConnectAsync(federation.Broker);
        await using Job job = await JobAsync(client, federation);

        Task<RoundResult> round = job.RunRoundAsync(new RoundRequest(), Token);
        await intruder.SayAsync(await intruder.NextTrainReplyAsync());
        said.SetResult();

        Assert.Equal(["a:3", "b:1"], (await round).Verdicts.Select(v => $"{v.NodeId}:{v.SampleCount}"));
        Assert.Equal(Round(0), Mean(job), 1e-12);
        Assert.Equal(1, client.Requests.RefusedCount);
    }

    [Theory]
    [Trait("input", "3")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_SpokenForOthers_IsRefusedAndNobodyIsEvicted(Fleet fleet)
    {
        await using var meddler = new Meddler((intruder, task) =>
        [
            intruder.SayAsync(Intruder.Error(task.ResearcherId, "b", "FB301", "not its request")),
            intruder.SayAsync(Intruder.Reply(task.ResearcherId, task.JobId, "b")),
            intruder.SayAsync(Intruder.Reply(task.ResearcherId, "job_other", "a")),
            intruder.SayAsync(Intruder.Reply("researcher_other.1", task.JobId, "a")),
        ]);
        await using FleetFederation federation = await StartAsync(fleet, meddler.MeddleAsync, null);
        await meddler.ConnectAsync(federation);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await JobAsync(client, federation);

        RoundResult result = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal(Round(0), Mean(job), 1e-12);
        Assert.InRange(client.Requests.RefusedCount, 3, 4);
    }

    [Theory]
    [Trait("input", "6")]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_FloodInOneNodesName_OthersAreServed(Fleet fleet)
    {
        await using var meddler = new Meddler((intruder, task) =>
            [.. Enumerable.Range(0, 1000).Select(n => intruder.SayAsync(Intruder.Reply($"{task.ResearcherId}{n}", task.JobId, "a")))]);
        await using FleetFederation federation = await StartAsync(fleet, meddler.MeddleAsync, null);
        await meddler.ConnectAsync(federation);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await JobAsync(client, federation);

        RoundResult result = await job.RunRoundAsync(new RoundRequest(), Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Equal(Round(0), Mean(job), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_MalformedReply_IsRejectedAtOnce(Fleet fleet)
    {
        NodeVerdict verdict = await VerdictAsync(fleet, (intruder, task) =>
        {
            JsonObject reply = Intruder.Reply(task.ResearcherId, task.JobId, "a");
            reply["sample_size"] = "3";
            return [intruder.SayAsync(reply)];
        });

        Assert.Equal(VerdictKind.Rejected, verdict.Kind);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_TwoMessagesForOneFailure_GiveOneVerdictWithBothTexts(Fleet fleet)
    {
        NodeVerdict verdict = await VerdictAsync(fleet, (intruder, task) =>
        {
            JsonObject reply = Intruder.Reply(task.ResearcherId, task.JobId, "a", success: false);
            reply["msg"] = "the second text";
            return [FirstAsync(intruder.SayAsync(Intruder.Error(task.ResearcherId, "a", "FB300", "the first text")), () => intruder.SayAsync(reply))];
        });

        Assert.Equal(VerdictKind.TrainingFailed, verdict.Kind);
        Assert.Contains("the first text", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains("the second text", verdict.Reason, StringComparison.Ordinal);

        static async Task FirstAsync(Task first, Func<Task> second)
        {
            await first;
            await second();
        }
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_ErrorThatNamesNobody_EndsTheNodesOneRequestAsUnattributed(Fleet fleet)
    {
        NodeVerdict verdict = await VerdictAsync(
            fleet, (intruder, _) => [intruder.SayAsync(Intruder.Error("NOT_SET", "a", "FB300", "an exception in the task"))]);

        Assert.Equal(VerdictKind.TrainingFailed, verdict.Kind);
        Assert.Contains("unattributed", verdict.Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_NodeKilledInTraining_IsLostByPings(Fleet fleet)
    {
        TaskCompletionSource training = Signal();
        await using FleetFederation federation = await StartAsync(fleet, (_, token) =>
        {
            training.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        }, null);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await JobAsync(client, federation);
        var policy = new RoundPolicy { Deadline = TestTimeouts.Default, PingInterval = TimeSpan.FromMilliseconds(300), Patience = 3 };

        Task<RoundResult> round = job.RunRoundAsync(new RoundRequest { Policy = policy }, Token);
        await training.Task.WaitAsync(TestTimeouts.Default, TimeProvider.System, Token);
        await federation.KillNodeAsync(0);

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => round);
        Assert.Equal([VerdictKind.Lost, VerdictKind.Succeeded], thrown.Verdicts.Select(v => v.Kind));
    }

    /// <summary>Node a never answers; what is said in its name ends its request, and node b is served.</summary>
    private static async Task<NodeVerdict> VerdictAsync(Fleet fleet, Func<Intruder, EmulatedTask, Task[]> say)
    {
        await using var meddler = new Meddler(say);
        await using FleetFederation federation = await StartAsync(fleet, async (task, token) =>
        {
            await meddler.MeddleAsync(task, token);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        }, null);
        await meddler.ConnectAsync(federation);
        await using FedJobClient client = await TestFederation.ConnectAsync(federation);
        await using Job job = await JobAsync(client, federation);

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));

        Assert.Equal(["a", "b"], thrown.Verdicts.Select(v => v.NodeId));
        Assert.Equal(VerdictKind.Succeeded, thrown.Verdicts[1].Kind);
        return thrown.Verdicts[0];
    }

    private static Task<FleetFederation> StartAsync(
        Fleet fleet, Func<EmulatedTask, CancellationToken, Task>? atA, Func<EmulatedTask, CancellationToken, Task>? atB)
    {
        var options = new LocalFederationOptions();
        options.FedBioMedNodes.Add(FleetFederation.Emulated("a", [1, 2, 3], atA));
        options.FedBioMedNodes.Add(FleetFederation.Emulated("b", [10], atB));
        return TestFederation.StartAsync(fleet, options);
    }

    private static async Task<Job> JobAsync(FedJobClient client, FleetFederation federation) => await client.CreateJobAsync(
        new JobOptions
        {
            TrainingPlan = federation.MeanPlan(),
            Data = await client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
            TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 8 },
            RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
        },
        Token);

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static double Half(double from, double to) => from + ((to - from) / 2);

    /// <summary>What a round of both nodes makes of the mean before it.</summary>
    private static double Round(double from) => ((3 * Half(from, 2)) + Half(from, 10)) / 4;

    private static double Mean(Job job)
    {
        using ModelParameters parameters = job.OpenParameters();
        return parameters["mean"].AsSpan<double>()[0];
    }

    /// <summary>Says something from inside a node's training, when the request's id is known; the broker has it before the node goes on.</summary>
    private sealed class Meddler(Func<Intruder, EmulatedTask, Task[]> say) : IAsyncDisposable
    {
        private Intruder? _intruder;

        public async Task ConnectAsync(FleetFederation federation) => _intruder = await Intruder.ConnectAsync(federation.Broker);

        public Task MeddleAsync(EmulatedTask task, CancellationToken cancellationToken) =>
            Task.WhenAll(say(_intruder!, task)).WaitAsync(TestTimeouts.Default, TimeProvider.System, cancellationToken);

        public ValueTask DisposeAsync() => _intruder?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
