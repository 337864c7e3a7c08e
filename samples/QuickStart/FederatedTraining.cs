using FedJob;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Metrics;
using FedJob.Node.Datasets;
using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.Testing;

namespace QuickStart;

/// <summary>Three nodes, one for each island, train one model together through a real broker and a real repository.</summary>
internal static class FederatedTraining
{
    public static async Task<Curve> RunAsync(Options options, PenguinData data, IRoundView view, CancellationToken cancellationToken)
    {
        await using LocalFederation? federation = options.Federation is null ? await StartFederationAsync(data, cancellationToken) : null;
        FedJobClientOptions addresses = options.Federation ?? federation!.ClientOptions;
        await using FedJobClient client = await FedJobClient.ConnectAsync(addresses, cancellationToken: cancellationToken);
        view.Started($"{addresses.Broker.Host}:{addresses.Broker.Port}", client.Repository.Address);

        FederatedDataset found = await client.Requests.SearchAsync(options.Tags, cancellationToken: cancellationToken);
        var jobOptions = new JobOptions
        {
            TrainingPlan = options.Plan(),
            Data = found,
            TrainingArgs = Settings.TrainingArgs,
            Seed = Settings.Seed,
            RoundPolicy = options.Policy,
        };
        await using Job job = await client.CreateJobAsync(jobOptions, cancellationToken);
        await using LocalJob judge = await CreateJudgeAsync(options, data, cancellationToken);
        using Subscription<RoundEvent> events = job.SubscribeToEvents();
        using Subscription<NodeMetric> metrics = job.SubscribeToMetrics();
        Task watching = Task.WhenAll(WatchAsync(events, view.Happened, cancellationToken), WatchAsync(metrics, view.Reported, cancellationToken));

        List<Score> scores = [await EvaluateAsync(job, judge, data.Test, cancellationToken)];
        await foreach (RoundResult round in job.RunAsync(options.Rounds, new FedAvg(), cancellationToken: cancellationToken))
        {
            scores.Add(await EvaluateAsync(job, judge, data.Test, cancellationToken));
            view.RoundEnded(round, scores[^1]);
        }

        events.Dispose();
        metrics.Dispose();
        await watching;
        return new Curve("federated", "all, which never left home", data.Pooled.SampleCount, scores);
    }

    private static Task<LocalFederation> StartFederationAsync(PenguinData data, CancellationToken cancellationToken)
    {
        var options = new LocalFederationOptions();
        foreach ((string island, TabularDataset penguins) in data.Islands)
        {
            var dataset = new NodeDataset { Data = penguins, Tags = ["penguins", "palmer"], Description = $"Palmer penguins of {island}" };
            options.Nodes.Add(new LocalNode(island) { Datasets = { dataset } });
        }

        return LocalFederation.StartAsync(options, cancellationToken: cancellationToken);
    }

    /// <summary>The researcher's own instance of the plan, to evaluate the global parameters on the common test set.</summary>
    private static Task<LocalJob> CreateJudgeAsync(Options options, PenguinData data, CancellationToken cancellationToken) => LocalJob.CreateAsync(
        new LocalJobOptions
        {
            TrainingPlan = options.Plan(),
            Dataset = data.Test,
            TrainingArgs = Settings.TrainingArgs,
            Seed = Settings.Seed,
        },
        cancellationToken: cancellationToken);

    private static async Task<Score> EvaluateAsync(Job job, LocalJob judge, TabularDataset test, CancellationToken cancellationToken)
    {
        using ModelParameters parameters = job.OpenParameters();
        return await Baselines.EvaluateAsync(judge, parameters, test, cancellationToken);
    }

    private static async Task WatchAsync<T>(Subscription<T> stream, Action<T> show, CancellationToken cancellationToken)
    {
        await foreach (T item in stream.ReadAllAsync(cancellationToken))
        {
            show(item);
        }
    }
}
