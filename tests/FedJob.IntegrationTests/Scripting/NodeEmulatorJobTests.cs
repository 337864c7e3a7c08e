using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>A whole job against emulated Python nodes.</summary>
public sealed class NodeEmulatorJobTests : IDisposable
{
    private readonly string _module = Path.Combine(Directory.CreateTempSubdirectory("fedjob-test-").FullName, "plan.py");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.GetParent(_module)!.Delete(recursive: true);

    [Theory]
    [InlineData(TensorKind.TorchTensor)]
    [InlineData(TensorKind.NumPyArray)]
    public async Task RunAsync_TwoPythonNodes_ThreeRoundsWithStatesAndTheMean(TensorKind kind)
    {
        await using LocalFederation federation = await StartAsync(
            Plan(kind, _ => 1, 1), Plan(kind, _ => 4, 3));
        await using FedJobClient client = await TestClientAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, "MyPlan", Start("w", kind, 2)), Token);

        float expected = 0;
        for (int round = 0; round < 3; round++)
        {
            RoundResult result = await job.RunRoundAsync(new RoundRequest(), Token);
            expected += 3.25f;
            Assert.Equal(RoundOutcome.Completed, result.Outcome);
            using ModelParameters parameters = job.OpenParameters();
            Assert.Equal((kind, expected), (parameters["w"].Kind, parameters["w"].AsSpan<float>()[0]));
        }

        Assert.Equal(["node_1", "node_2"], job.NodeStates.States.Select(s => s.Key).Order());
        Assert.All(federation.FedBioMedNodes, n => Assert.False(n.IsDeaf));
        Assert.Equal(3, federation.FedBioMedNodes[0].Requests.Count(r => JsonNode.Parse(r)!["command"]!.GetValue<string>() == "train"));
    }

    [Theory]
    [InlineData("NoSuchPlan", "w", 2, "has no attribute 'NoSuchPlan'")]
    [InlineData("MyPlan", "w", 3, "size mismatch for w: copying a param with shape torch.Size([3])")]
    [InlineData("MyPlan", "v", 2, "Cannot initialize model parameters")]
    public async Task RunRoundAsync_WhatThePlanDoesNotTake_TheNodesMessageReachesTheUser(string className, string tensor, int size, string expected)
    {
        EmulatedPlan plan = Plan(TensorKind.TorchTensor, _ => 1, 1);
        await using LocalFederation federation = await StartAsync(plan, plan);
        await using FedJobClient client = await TestClientAsync(federation);
        JobOptions options = await OptionsAsync(client, className, Start(tensor, TensorKind.TorchTensor, size));
        await using Job job = await client.CreateJobAsync(options, Token);

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));

        Assert.All(thrown.Verdicts, v => Assert.Contains(expected, v.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunRoundAsync_PlanNotApproved_SaysSo()
    {
        await using LocalFederation federation = await StartAsync(requiresApproval: true, new EmulatedPlan());
        await using FedJobClient client = await TestClientAsync(federation);
        await using Job job = await client.CreateJobAsync(await OptionsAsync(client, "MyPlan", Start("w", TensorKind.TorchTensor, 2)), Token);

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new RoundRequest(), Token));

        Assert.Contains("is not approved by the node", Assert.Single(thrown.Verdicts).Reason, StringComparison.Ordinal);
    }

    private static EmulatedPlan Plan(TensorKind kind, Func<int, float> step, long samples) => new()
    {
        ExpectedParameters = Start("w", kind, 2),
        Train = (task, _) =>
        {
            float[] values = [.. task.Parameters["w"].AsSpan<float>()];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] += step(task.Round);
            }

            return Task.FromResult(new EmulatedUpdate
            {
                Parameters = new ModelParameters([new("w", ParameterTensor.FromMemory<float>(values, [values.Length], task.Parameters["w"].Kind))]),
                SampleCount = samples,
            });
        },
    };

    private static ModelParameters Start(string name, TensorKind kind, int size) =>
        new([new(name, ParameterTensor.FromMemory<float>(new float[size], [size], kind))]);

    private static Task<LocalFederation> StartAsync(params EmulatedPlan[] plans) => StartAsync(requiresApproval: false, plans);

    private static Task<LocalFederation> StartAsync(bool requiresApproval, params EmulatedPlan[] plans)
    {
        var options = new LocalFederationOptions();
        for (int i = 0; i < plans.Length; i++)
        {
            options.FedBioMedNodes.Add(new FedBioMedNodeEmulatorOptions
            {
                NodeId = $"node_{i + 1}",
                Datasets = { EmulatorBench.Entry($"dataset_{i + 1}") },
                Plan = plans[i],
                RequiresApproval = requiresApproval,
            });
        }

        return LocalFederation.StartAsync(options, cancellationToken: Token);
    }

    private static Task<FedJobClient> TestClientAsync(LocalFederation federation) =>
        FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: Token);

    private async Task<JobOptions> OptionsAsync(FedJobClient client, string className, ModelParameters initial)
    {
        await File.WriteAllTextAsync(_module, "class MyPlan:\n    pass\n", Token);
        return new JobOptions
        {
            TrainingPlan = TrainingPlanSource.FromPythonModule(_module, className, initial),
            Data = await client.Requests.SearchAsync(["bc"], cancellationToken: Token),
            TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 32, LearningRate = 0.1 },
            RoundPolicy = new RoundPolicy { Deadline = TestTimeouts.Default },
        };
    }
}
