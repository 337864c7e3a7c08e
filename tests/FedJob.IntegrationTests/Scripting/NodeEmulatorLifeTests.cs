using System.Text.Json;
using FedJob.Protocol.Messages;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>What an emulated node outlives, and what it does not.</summary>
public sealed class NodeEmulatorLifeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Restart_AfterAKillerMessage_HearsAgain()
    {
        await using EmulatorBench bench = await EmulatorBench.StartAsync();
        await bench.SendAsync("general/node_1", "this is not json");
        await bench.Node.Deaf.WaitAsync(TestTimeouts.Default, Token);

        await bench.Node.RestartAsync(Token);

        Assert.False(bench.Node.IsDeaf);
        Assert.Empty(await bench.UntilPongAsync(0));
    }

    [Fact]
    public async Task Broker_Restarted_NodeStaysDeafUntilItsOwnerRestartsIt()
    {
        await using EmulatorBench bench = await EmulatorBench.StartAsync();
        await bench.Broker.StopAsync(Token);
        await bench.Node.Deaf.WaitAsync(TestTimeouts.Default, Token);
        await bench.Broker.RestartAsync(Token);
        await bench.ListenAsync();
        await bench.SendAsync("general/node_1", EmulatorBench.Ping(1));

        Assert.True(bench.Node.IsDeaf);
        await bench.Node.RestartAsync(Token);

        Assert.Empty(await bench.UntilPongAsync(0));
        Assert.DoesNotContain(bench.Node.Requests, r => r == EmulatorBench.Ping(1));
    }

    [Fact]
    public async Task Terminate_DuringTraining_SaysFB312LosesItAndKeepsTheQueuedOne()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int trainings = 0;
        var plan = new EmulatedPlan
        {
            Train = async (task, cancellationToken) =>
            {
                if (Interlocked.Increment(ref trainings) == 1)
                {
                    started.SetResult();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                return new EmulatedUpdate { Parameters = new Abstractions.ModelParameters(task.Parameters), SampleCount = 7 };
            },
        };
        await using EmulatorBench bench = await EmulatorBench.StartAsync(plan);
        await bench.SendAsync("general/node_1", await TrainRequests.NewAsync(bench, "researcher_x.17"));
        await bench.SendAsync("general/node_1", await TrainRequests.NewAsync(bench, "researcher_x.18"));
        await started.Task.WaitAsync(TestTimeouts.Default, Token);
        Assert.Empty(await bench.UntilPongAsync(0));

        await bench.Node.TerminateAsync(TestContext.Current.CancellationToken);
        JsonElement error = Assert.Single(await SaidAsync(bench, 1));
        await bench.Node.RestartAsync(Token);
        JsonElement reply = Assert.Single(await bench.UntilPongAsync(1));

        Assert.Equal("<unknown>", error.GetProperty("researcher_id").GetString());
        Assert.StartsWith("FB312", error.GetProperty("errnum").GetString(), StringComparison.Ordinal);
        Assert.Equal(("researcher_x.18", 7), (reply.GetProperty("researcher_id").GetString(), reply.GetProperty("sample_size").GetInt32()));
        Assert.True(reply.GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task TrainingPlanStatus_AsItsOwnerDecides_CapturedTexts()
    {
        await using EmulatorBench bench = await EmulatorBench.StartAsync(requiresApproval: true);
        byte[] plan = "class MyPlan:\n    pass\n"u8.ToArray();
        string url = await bench.UploadAsync(plan, "plan.py");
        string ask = $$"""{"protocol_version": "1", "researcher_id": "r", "job_id": "j", "training_plan_url": "{{url}}", "command": "training-plan-status"}""";
        var seen = new List<string?>();
        foreach (TrainingPlanStatus? status in (TrainingPlanStatus?[])[null, TrainingPlanStatus.Approved, TrainingPlanStatus.Rejected])
        {
            if (status is { } decided)
            {
                bench.Node.SetPlanStatus(plan, decided);
            }

            await bench.SendAsync("general/node_1", ask);
            seen.Add(Assert.Single(await bench.UntilPongAsync(1)).GetProperty("msg").GetString());
        }

        Assert.Equal(
            [
                "Unknown training plan not in database (status Not Registered)",
                "Training plan has been approved by the node, training can start",
                "Training plan has been rejected by the node, training is not possible",
            ],
            seen);
    }

    private static async Task<List<JsonElement>> SaidAsync(EmulatorBench bench, int count)
    {
        var said = new List<JsonElement>();
        while (said.Count < count)
        {
            said.Add(await bench.NextAsync(m => EmulatorBench.Command(m) == "error"));
        }

        return said;
    }
}
