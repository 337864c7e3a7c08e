using FedJob;
using FedJob.Abstractions;
using FedJob.Node.Datasets;
using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.Testing;

namespace Strategies;

/// <summary>Trains with each strategy over the same nodes: real rounds over a broker and a repository on loopback.</summary>
internal static class Comparison
{
    /// <param name="data">What the nodes hold.</param>
    /// <param name="poisoned">Whether the last node is hostile.</param>
    /// <param name="rounds">How many rounds each strategy gets.</param>
    /// <param name="ended">Is told each curve as it is there.</param>
    /// <param name="cancellationToken">Ends the comparison.</param>
    /// <returns>A curve for each strategy.</returns>
    public static async Task<IReadOnlyList<Curve>> RunAsync(
        SkewedData data, bool poisoned, int rounds, Action<Curve> ended, CancellationToken cancellationToken)
    {
        await using LocalFederation federation = await StartAsync(data, poisoned, cancellationToken);
        await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions, cancellationToken: cancellationToken);
        FederatedDataset found = await client.Requests.SearchAsync(["penguins"], cancellationToken: cancellationToken);
        List<Curve> curves = [];
        foreach (Strategy strategy in Strategy.All)
        {
            curves.Add(await TrainAsync(client, found, strategy, data.Test, rounds, cancellationToken));
            ended(curves[^1]);
        }

        return curves;
    }

    private static async Task<Curve> TrainAsync(
        FedJobClient client, FederatedDataset found, Strategy strategy, TabularDataset test, int rounds, CancellationToken cancellationToken)
    {
        var options = new JobOptions
        {
            TrainingPlan = Settings.Plan,
            Data = found,
            TrainingArgs = Settings.TrainingArgs,
            Seed = Settings.Seed,
            Aggregator = strategy.Rule(),
            RoundPolicy = Settings.Policy with { OutlierGuard = strategy.Guard },
        };
        await using Job job = await client.CreateJobAsync(options, cancellationToken);
        await using LocalJob judge = await LocalJob.CreateAsync(
            new LocalJobOptions { TrainingPlan = Settings.Plan, Dataset = test, TrainingArgs = Settings.TrainingArgs, Seed = Settings.Seed },
            cancellationToken: cancellationToken);
        List<Score> scores = [await EvaluateAsync(job, judge, test, cancellationToken)];
        List<string> outliers = [];
        TimeSpan aggregating = TimeSpan.Zero;
        await foreach (RoundResult round in job.RunAsync(rounds, cancellationToken: cancellationToken))
        {
            scores.Add(await EvaluateAsync(job, judge, test, cancellationToken));
            outliers.AddRange(round.ScreenedUpdates.Where(s => s.IsOutlier).Select(s => s.NodeId));
            aggregating += round.Timings.Aggregate;
        }

        return new Curve(strategy.Name, scores, outliers, aggregating / rounds);
    }

    private static Task<LocalFederation> StartAsync(SkewedData data, bool poisoned, CancellationToken cancellationToken)
    {
        var options = new LocalFederationOptions();
        for (int i = 0; i < data.Shares.Count; i++)
        {
            TabularDataset share = poisoned && i == data.Shares.Count - 1 ? SkewedData.Poison(data.Shares[i], Settings.Blow) : data.Shares[i];
            var dataset = new NodeDataset { Data = share, Tags = ["penguins"], Description = "some Palmer penguins" };
            options.Nodes.Add(new LocalNode($"node_{i:00}") { Datasets = { dataset } });
        }

        return LocalFederation.StartAsync(options, cancellationToken: cancellationToken);
    }

    private static async Task<Score> EvaluateAsync(Job job, LocalJob judge, TabularDataset test, CancellationToken cancellationToken)
    {
        using ModelParameters parameters = job.OpenParameters();
        EvaluationResult result = await judge.EvaluateAsync(parameters, test, cancellationToken: cancellationToken);
        return new Score(result.Metrics["ACCURACY"], result.Metrics["Loss"]);
    }
}
