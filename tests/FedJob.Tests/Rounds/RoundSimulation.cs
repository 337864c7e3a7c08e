using FedJob.Abstractions;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using FedJob.Tests.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Rounds;

/// <summary>
/// Whole rounds of the real runner on fake time, without sockets or a job: nodes reply at once, or drop out in one of the ways a node can: nobody listens on
/// its topic, its last will comes, or it is silent. Which node does what is drawn from a seed.
/// </summary>
internal sealed class RoundSimulation : IDisposable
{
    public static readonly RoundPolicy Policy = new() { Deadline = TimeSpan.FromHours(1), PingInterval = TimeSpan.FromSeconds(15), Patience = 4 };
    private readonly TemporaryFolder _folder = new();
    private readonly Random _random = new(20);
    private readonly RoundContext _context;
    private readonly INodeSampler _sampler;
    private readonly int _sampled;

    public RoundSimulation(int nodes, int sampled)
    {
        _sampled = sampled;
        string[] ids = [.. Enumerable.Range(0, nodes).Select(i => $"n{i:000}")];
        string global = _folder.At("global.mpk");
        using (var parameters = new ModelParameters { ["w"] = ParameterTensor.FromArray([1f]) })
        {
            AggregatedParametersFile.WriteAsync(global, "researcher_me", parameters, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        }

        var dataset = new DatasetEntry { DatasetId = "dataset_1", Name = "n", DataType = "csv", Tags = ["a"], Description = "d" };
        _context = new RoundContext
        {
            JobId = "job_1",
            Round = 0,
            Data = new FederatedDataset(ids.Select(n => KeyValuePair.Create(n, dataset))),
            Parameters = new GlobalParameters(global, new Uri("http://repository.test/files/global"), new FileDigest(DigestAlgorithm.XxHash128, new string('0', 32))),
            StateIds = new Dictionary<string, string>(StringComparer.Ordinal),
            TrainingArgs = new TrainingArgs { Epochs = 1 },
            ModelArgs = [],
            TrainingPlanUrl = new Uri("http://repository.test/files/plan"),
            TrainingPlanDigest = new FileDigest(DigestAlgorithm.Sha256, new string('a', 64)),
            TrainingPlanClass = "Plan",
            Seed = 5,
            JobDirectory = _folder.Path,
            Directory = _folder.At("round"),
        };
        _sampler = new CountSampler(sampled);
    }

    /// <summary>How many rounds came to their goal, to their quorum only, or to neither; and the longest of them in fake time.</summary>
    public async Task<SimulatedRounds> RunAsync(int rounds, double dropOut, RoundPolicy policy)
    {
        var seen = new SimulatedRounds();
        for (int round = 0; round < rounds; round++)
        {
            seen.Add(await RunOneAsync(_context with { Round = round }, dropOut, policy));
        }

        return seen;
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(RoundOutcome? Outcome, TimeSpan Time)> RunOneAsync(RoundContext context, double dropOut, RoundPolicy policy)
    {
        var time = new SerialTime();
        var network = new SimulatedNetwork(dropOut, _random, time);
        var journal = new FakeJournal { Durable = network.NoteAsync };
        using var events = new Broadcast<RoundEvent>();
        var uploads = new JobUploads(new FakeRepository());
        var runner = new RoundRunner(
            network, new FakeRepository(), new GlobalParametersPublisher(uploads, "researcher_me", _folder.Path), uploads, journal, events, NullLogger.Instance, time);
        long began = time.GetTimestamp();
        Task<RoundCommit> running = runner.RunAsync(
            context, new RoundRequest { Training = false, Sampler = _sampler }, policy, _ => Task.CompletedTask, TestContext.Current.CancellationToken);

        // Time passes only when all replies that were given are in the journal, and each ping interval only when the round has taken note of the last.
        while (!running.IsCompleted)
        {
            if (network.AwaitsTime(_sampled))
            {
                int ticks = network.Ticks;
                time.Advance(policy.PingInterval);
                while (ticks == network.Ticks && !running.IsCompleted)
                {
                    await ChangeAsync(network, running, context.Round);
                }
            }
            else
            {
                await ChangeAsync(network, running, context.Round);
            }
        }

        Assert.Equal(0, network.OpenWindows);
        try
        {
            return ((await running).Result.Outcome, time.GetElapsedTime(began));
        }
        catch (RoundFailedException)
        {
            return (null, time.GetElapsedTime(began));
        }
    }

    /// <summary>Waits for the round's next step; fails rather than waits for ever.</summary>
    private static async Task ChangeAsync(SimulatedNetwork network, Task running, int round)
    {
        try
        {
            await network.ChangedAsync(running).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Simulated round {round} goes no further: {network}.");
        }
    }
}
