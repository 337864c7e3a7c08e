using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;

namespace FedJob.Tests.Aggregation;

/// <summary>Rounds of real plans and real rules without a network: what a job does between sampling and the new parameters.</summary>
internal sealed class SimulatedFederation(TrainingArgs trainingArgs, params (string NodeId, int Samples, ITrainingPlan Plan)[] nodes)
{
    private int _round;

    public IReadOnlyList<string> Nodes { get; } = [.. nodes.Select(n => n.NodeId).Order(StringComparer.Ordinal)];

    /// <summary>What a node is sent instead of the job's arguments, by round and node; null for the job's.</summary>
    public Func<int, string, TrainingArgs?>? ArgumentsOf { get; init; }

    /// <summary>Who takes part in a round; null for all.</summary>
    public Func<int, IEnumerable<string>>? Participants { get; init; }

    public async Task InitializeAsync()
    {
        foreach ((_, _, ITrainingPlan plan) in nodes)
        {
            await plan.InitializeAsync(
                new InitializationContext { ModelArgs = [], TrainingArgs = trainingArgs, Seed = 0 }, TestContext.Current.CancellationToken);
        }
    }

    public async Task<ModelParameters> RunAsync(IAggregator rule, ModelParameters start, int rounds)
    {
        await InitializeAsync();
        for (int i = 0; i < rounds; i++)
        {
            start = await RunRoundAsync(rule, start);
        }

        return start;
    }

    public async Task<ModelParameters> RunRoundAsync(IAggregator rule, ModelParameters global)
    {
        string[] participants = [.. (Participants?.Invoke(_round) ?? Nodes).Order(StringComparer.Ordinal)];
        RoundPreparation prepared = rule.PrepareRound(new PreparationContext { Round = _round, Participants = participants, Global = global });
        var updates = new List<NodeUpdate>();
        foreach ((string nodeId, int samples, ITrainingPlan plan) in nodes.Where(n => participants.Contains(n.NodeId)).OrderBy(n => n.NodeId, StringComparer.Ordinal))
        {
            TrainingArgs sent = rule.AdjustTrainingArgs(ArgumentsOf?.Invoke(_round, nodeId) ?? trainingArgs);
            plan.SetParameters(global);
            TrainingResult result = await plan.TrainAsync(
                new TrainingContext
                {
                    Dataset = new FileDataset("data of " + nodeId, "nowhere", samples),
                    Samples = [.. Enumerable.Range(0, samples)],
                    TrainingArgs = sent,
                    Round = _round,
                    Seed = HashCode.Combine(7, _round),
                    AggregatorTensors = prepared.AggregatorArguments.PerNode.GetValueOrDefault(nodeId)?.Files ?? new Dictionary<string, ModelParameters>(),
                },
                TestContext.Current.CancellationToken);
            updates.Add(new NodeUpdate
            {
                NodeId = nodeId,
                SampleCount = result.SampleCount,
                Parameters = plan.GetParameters(),
                TrainingArgs = sent,
                OptimizerArgs = new JsonObject { ["lr"] = result.LearningRate, ["num_updates"] = result.UpdateCount },
            });
        }

        ModelParameters next = AggregationRun.Combine(
            rule, new AggregationContext { Round = _round, Global = global, Nodes = Nodes, Updates = updates }, TestContext.Current.CancellationToken);
        _round++;
        return next;
    }
}
