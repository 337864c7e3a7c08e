using System.Globalization;
using FedJob;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Node.Datasets;
using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.TrainingPlans;
using MeanPlan;

await using LocalFederation federation = await LocalFederation.StartAsync(new() { Nodes = { Holding("a", 1, 2, 3), Holding("b", 7) } });
await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions);
FederatedDataset data = await client.Requests.SearchAsync(["numbers"]);
await using Job job = await client.CreateJobAsync(new JobOptions
{
    TrainingPlan = TrainingPlanSource.FromType<MeanOfColumn>(), Data = data, TrainingArgs = new TrainingArgs { Epochs = 1 },
});

await foreach (RoundResult round in job.RunAsync(rounds: 1, new FedAvg()))
{
    using ModelParameters parameters = job.OpenParameters();
    string mean = parameters["mean"].AsSpan<float>()[0].ToString(CultureInfo.InvariantCulture);
    Console.WriteLine($"round {round.Round} {round.Outcome} with {round.Verdicts.Count} nodes: the mean is {mean}");
}

static LocalNode Holding(string node, params double[] numbers) => new(node)
{
    Datasets = { new NodeDataset { Data = new TabularDataset("numbers", [DatasetColumn.FromNumbers("x", numbers)]), Tags = ["numbers"] } },
};
