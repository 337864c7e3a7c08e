using System.Diagnostics;
using FedJob.Abstractions;
using FedJob.Nodes;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.TrainingPlans;

namespace FedJob.Benchmarks.Rounds;

/// <summary>Runs the rounds and takes their times.</summary>
internal static class Measurement
{
    private const int WarmUp = 3;

    private const string PlanText = "class BenchPlan:\n    pass\n";

    public static async Task<Report> RunAsync(Options options, Surroundings surroundings, CancellationToken cancellationToken)
    {
        await using FedJobClient client = await FedJobClient.ConnectAsync(
            new FedJobClientOptions { Broker = surroundings.Broker, Repository = surroundings.Repository }, cancellationToken: cancellationToken);
        FederatedDataset data = await client.Requests.SearchAsync([.. options.Tags ?? [InstantNodes.Tag]], cancellationToken: cancellationToken);
        string plan = Path.Combine(Path.GetTempPath(), $"bench_plan_{Guid.NewGuid():D}.py");
        await File.WriteAllTextAsync(plan, PlanText, cancellationToken);
        try
        {
            using ModelParameters initial =
                options.Initial is null ? InstantNodes.Model(options.Size, 0) : AggregatedParametersFile.Open(options.Initial);
            await using Job job = await client.CreateJobAsync(
                new JobOptions
                {
                    TrainingPlan = TrainingPlanSource.FromPythonModule(plan, "BenchPlan", initial),
                    Data = data,
                    TrainingArgs = new TrainingArgs { Epochs = 1 },
                },
                cancellationToken);
            var timings = new List<RoundTimings>();
            await foreach (RoundResult round in job.RunAsync(WarmUp + options.Rounds, cancellationToken: cancellationToken))
            {
                timings.Add(round.Timings);
            }

            using Process self = Process.GetCurrentProcess();
            return new Report(options, data.Nodes.Count, timings[WarmUp..], self.PeakWorkingSet64);
        }
        finally
        {
            File.Delete(plan);
        }
    }
}
