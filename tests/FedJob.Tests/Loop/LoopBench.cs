using FedJob.Abstractions;
using FedJob.Loop;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Tests.Checkpoints;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Loop;

/// <summary>Jobs whose rounds are evaluated as a list of losses says.</summary>
internal sealed class LoopBench : IDisposable
{
    public static readonly WatchedMetric Loss = new("loss");

    private readonly List<int> _evaluated = [];
    private readonly System.Collections.Concurrent.ConcurrentDictionary<TrainRequest, string> _asked = new(ReferenceEqualityComparer.Instance);

    public LoopBench()
    {
        Func<TrainTicket, TrainRequest, Task<NodeMessage?>> node = Bench.Node;
        Bench.Node = (ticket, request) =>
        {
            _asked[request] = ticket.NodeId;
            return node(ticket, request);
        };
    }

    public CheckpointBench Checkpoints { get; } = new();

    public JobBench Bench => Checkpoints.Bench;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The rounds that were evaluated, in order.</summary>
    public IReadOnlyList<int> Evaluated => _evaluated;

    public RunOptions Options(params double[] losses) => new()
    {
        Evaluator = (round, _, _) =>
        {
            _evaluated.Add(round);
            return Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double> { ["loss"] = losses[round], ["round"] = round });
        },
        EarlyStopping = new EarlyStopping { Metric = Loss, Patience = 2 },
        KeepBest = new KeepBest { Metric = Loss },
    };

    /// <summary>A training that asks nodes to validate.</summary>
    public Task<Job> CreateValidatingAsync(int nodes = 2)
    {
        JobOptions options = Bench.Options(nodes);
        options.TrainingArgs = new TrainingArgs { Epochs = 1, TestRatio = 0.5, TestOnGlobalUpdates = true, TestOnLocalUpdates = true };
        options.InitialParameters = new() { ["w"] = ParameterTensor.FromArray([5f, 1f]) };
        return Bench.CreateAsync(options);
    }

    public Task<Job> CreateAsync()
    {
        JobOptions options = Checkpoints.Options();
        options.Sampler = new FedJob.Nodes.AllNodesSampler();
        options.Aggregator = new FedJob.Aggregation.FedAvg();
        return Bench.CreateAsync(options);
    }

    public static async Task<List<RoundResult>> RunAsync(Job job, int rounds, RunOptions options)
    {
        List<RoundResult> results = [];
        await foreach (RoundResult result in job.RunAsync(rounds, options: options, cancellationToken: Token))
        {
            results.Add(result);
        }

        return results;
    }

    public async Task<Job> SaveAndResumeAsync(Job job, string name)
    {
        string checkpoint = await job.SaveCheckpointAsync(Checkpoints.At(name), cancellationToken: Token);
        await job.DisposeAsync();
        return await Checkpoints.ResumeAsync(checkpoint, new ResumeOptions());
    }

    /// <summary>Which node a request went to.</summary>
    public string NodeOf(TrainRequest request) => _asked[request];

    /// <summary>What a node reports of a validation.</summary>
    public void Report(string jobId, string nodeId, int? round, string name, double value, long samples, bool local = false) =>
        Bench.Metrics.Publish(new NodeMetric(round, new MetricMessage
        {
            ResearcherId = "researcher_me",
            NodeId = nodeId,
            JobId = jobId,
            Train = false,
            Test = true,
            TestOnLocalUpdates = local,
            TestOnGlobalUpdates = !local,
            Metrics = new Dictionary<string, double> { [name] = value },
            TotalSamples = samples,
            BatchSamples = samples,
            BatchCount = 1,
            Iteration = 1,
        }));

    public void Dispose() => Checkpoints.Dispose();
}
