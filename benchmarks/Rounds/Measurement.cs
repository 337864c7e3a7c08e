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

    /// <summary>Thousands of nodes answer the same question at once.</summary>
    private static readonly TimeSpan SearchWindow = TimeSpan.FromSeconds(60);

    private const string PlanText = "class BenchPlan:\n    pass\n";

    public static async Task<Report> RunAsync(Options options, Surroundings surroundings, CancellationToken cancellationToken)
    {
        await using FedJobClient client = await FedJobClient.ConnectAsync(
            new FedJobClientOptions { Broker = surroundings.Broker, Repository = surroundings.Repository, SearchWindow = SearchWindow },
            cancellationToken: cancellationToken);
        FederatedDataset data = await client.Requests.SearchAsync([.. options.Tags ?? [InstantNodes.Tag]], cancellationToken: cancellationToken);
        string plan = Path.Combine(Path.GetTempPath(), $"bench_plan_{Guid.NewGuid():D}.py");
        await File.WriteAllTextAsync(plan, PlanText, cancellationToken);
        try
        {
            string start = options.Initial ?? await WriteZerosAsync(options.Size, cancellationToken);
            using ModelParameters initial = AggregatedParametersFile.Open(start);
            if (options.Initial is null)
            {
                File.Delete(start);
            }

            await using Job job = await client.CreateJobAsync(
                new JobOptions
                {
                    TrainingPlan = TrainingPlanSource.FromPythonModule(plan, "BenchPlan", initial),
                    Data = data,
                    TrainingArgs = new TrainingArgs { Epochs = 1 },
                    Aggregator = new MovingAverage(),
                },
                cancellationToken);
            var rounds = new List<RoundSample>();
            long peakAnonymous, peakMapped;
            using var limits = new LimitSampler(surroundings.Repository.Address!);
            await using (var memory = new MemoryWatch())
            {
                long began = Stopwatch.GetTimestamp();
                await foreach (RoundResult round in job.RunAsync(WarmUp + options.Rounds, cancellationToken: cancellationToken))
                {
                    rounds.Add(new RoundSample(round, Stopwatch.GetElapsedTime(began)));
                    if (rounds.Count > WarmUp)
                    {
                        Uri update = round.Verdicts.First(v => v.ParametersUrl is not null).ParametersUrl!;
                        await limits.SampleAsync(update, round.ParametersPath, cancellationToken);
                    }

                    began = Stopwatch.GetTimestamp();
                }

                (peakAnonymous, peakMapped) = (memory.PeakAnonymous, memory.PeakMapped);
            }

            return new Report(options, data.Nodes.Count, rounds[WarmUp..], await limits.FinishAsync(), peakAnonymous, peakMapped);
        }
        finally
        {
            File.Delete(plan);
        }
    }

    /// <summary>Into a file, so that no model in memory is measured along with the rounds.</summary>
    private static async Task<string> WriteZerosAsync(long size, CancellationToken cancellationToken)
    {
        string path = Path.Combine(Path.GetTempPath(), $"bench_initial_{Guid.NewGuid():D}.mpk");
        await AggregatedParametersFile.WriteAsync(path, "bench", InstantNodes.Model(size, 0), cancellationToken);
        GC.Collect();
        return path;
    }
}
