using System.Collections.Concurrent;
using FedJob.Abstractions;
using FedJob.Rounds;
using FedJob.Testing;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Emulated Fed-BioMed nodes a (mean 2, 3 rows) and b (mean 10, 1 row), a client with a job, and a raw link beside them.</summary>
internal sealed class PythonBench : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Func<EmulatedTask, CancellationToken, Task>> _before = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, Func<EmulatedUpdate, EmulatedUpdate>> _after = new(StringComparer.Ordinal);

    private PythonBench()
    {
    }

    public FleetFederation Federation { get; private set; } = null!;

    public FedJobClient Client { get; private set; } = null!;

    public Job Job { get; private set; } = null!;

    public RawLink Raw { get; private set; } = null!;

    public FedBioMedNodeEmulator A => Federation.FedBioMedNodes[0];

    public FedBioMedNodeEmulator B => Federation.FedBioMedNodes[1];

    /// <summary>The job's mean.</summary>
    public double Mean
    {
        get
        {
            using ModelParameters parameters = Job.OpenParameters();
            return parameters["mean"].AsSpan<double>()[0];
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A policy by which silent nodes are lost within a second, long before the deadline.</summary>
    public static RoundPolicy Policy { get; } = new()
    {
        Deadline = TestTimeouts.Default,
        PingInterval = TimeSpan.FromMilliseconds(200),
        Patience = 3,
    };

    /// <summary>The same, satisfied with one reply but patient with the others.</summary>
    public static RoundPolicy OneIsEnough { get; } = Policy with { MinimumReplies = Quorum.Count(1), Grace = TestTimeouts.Default, Retries = 0 };

    public static Task<PythonBench> StartAsync(Fleet fleet) => StartAsync(fleet, new LocalFederationOptions());

    public static async Task<PythonBench> StartAsync(Fleet fleet, LocalFederationOptions options)
    {
        var bench = new PythonBench();
        options.FedBioMedNodes.Add(bench.Hooked(FleetFederation.Emulated("a", [1, 2, 3], bench.BeforeAsync("a"))));
        options.FedBioMedNodes.Add(bench.Hooked(FleetFederation.Emulated("b", [10], bench.BeforeAsync("b"))));
        bench.Federation = await TestFederation.StartAsync(fleet, options);
        try
        {
            FedJobClientOptions client = bench.Federation.ClientOptions;
            client.SearchWindow = TimeSpan.FromMilliseconds(500);
            bench.Client = await FedJobClient.ConnectAsync(client, cancellationToken: Token);
            bench.Raw = await RawLink.ConnectAsync(bench.Federation.Broker);
            bench.Job = await bench.CreateJobAsync();
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a round of both nodes makes of a mean.</summary>
    public static double Round(double from) => ((3 * Half(from, 2)) + Half(from, 10)) / 4;

    public static double Half(double from, double to) => from + ((to - from) / 2);

    public async Task<Job> CreateJobAsync(Action<JobOptions>? change = null)
    {
        var options = new JobOptions
        {
            TrainingPlan = Federation.MeanPlan(),
            Data = await Client.Requests.SearchAsync(["numbers"], cancellationToken: Token),
            TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 8 },
            RoundPolicy = Policy,
        };
        change?.Invoke(options);
        return await Client.CreateJobAsync(options, Token);
    }

    /// <summary>What a node does before each training from now on.</summary>
    public void Before(string nodeId, Func<EmulatedTask, CancellationToken, Task> act) => _before[nodeId] = act;

    /// <summary>What a node makes of each update from now on.</summary>
    public void After(string nodeId, Func<EmulatedUpdate, EmulatedUpdate> change) => _after[nodeId] = change;

    /// <summary>Holds a node's trainings until the gate is open.</summary>
    public NodeGate Gate(string nodeId)
    {
        var gate = new NodeGate();
        Before(nodeId, gate.PassAsync);
        return gate;
    }

    public Task<RoundResult> RunAsync(RoundPolicy? policy = null) => Job.RunRoundAsync(new RoundRequest { Policy = policy }, Token);

    public async ValueTask DisposeAsync()
    {
        await (Job?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Client?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Raw?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Federation.DisposeAsync();
    }

    private Func<EmulatedTask, CancellationToken, Task> BeforeAsync(string nodeId) =>
        (task, cancellationToken) => _before.TryGetValue(nodeId, out Func<EmulatedTask, CancellationToken, Task>? act)
            ? act(task, cancellationToken)
            : Task.CompletedTask;

    private FedBioMedNodeEmulatorOptions Hooked(FedBioMedNodeEmulatorOptions node) => new()
    {
        NodeId = node.NodeId,
        Datasets = node.Datasets,
        HasCertificates = true,
        Plan = new EmulatedPlan
        {
            Train = async (task, cancellationToken) =>
            {
                EmulatedUpdate update = await node.Plan.Train(task, cancellationToken);
                return _after.TryGetValue(node.NodeId, out Func<EmulatedUpdate, EmulatedUpdate>? change) ? change(update) : update;
            },
        },
    };
}
