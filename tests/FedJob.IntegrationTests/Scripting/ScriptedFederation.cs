using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;
using FedJob.TestPlans;
using FedJob.TrainingPlans;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>Scripted nodes that move a mean half-way to a value of their own, and jobs over them.</summary>
internal static class ScriptedFederation
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A node that "trains" the mean half-way from where it is to its target.</summary>
    public static ScriptedNode Halfway(string id, double target, long samples) =>
        new(id, task => new EmulatedUpdate { Parameters = Mean(Half(task.Parameters["mean"].AsSpan<double>()[0], target)), SampleCount = samples });

    public static ModelParameters Mean(double value) =>
        new() { ["mean"] = ParameterTensor.Create<double>([value], 1) };

    public static double Half(double from, double to) => from + ((to - from) / 2);

    public static Task<LocalFederation> StartAsync(params ScriptedNode[] nodes) =>
        LocalFederation.StartAsync(new LocalFederationOptions { ScriptedNodes = [.. nodes] }, cancellationToken: Token);

    public static async Task<Job> CreateJobAsync(FedJobClient client, RoundPolicy policy, double start = 100) => await client.CreateJobAsync(
        new JobOptions
        {
            TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
            Data = await client.Requests.SearchAsync(["scripted"], cancellationToken: Token),
            TrainingArgs = new TrainingArgs { Epochs = 1 },
            ModelArgs = new JsonObject { ["start"] = start },
            RoundPolicy = policy,
        },
        Token);

    public static double MeanOf(Job job)
    {
        using ModelParameters parameters = job.OpenParameters();
        return parameters["mean"].AsSpan<double>()[0];
    }

    public static string Verdicts(RoundResult round) => string.Join(' ', round.Verdicts.Select(v => $"{v.NodeId}:{v.Kind}"));
}
