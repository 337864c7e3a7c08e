using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Metrics;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Tests.Jobs;
using FedJob.Tests.Node;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Checkpoints;

/// <summary>
/// Jobs that have something of everything a checkpoint holds. Nodes answer with what they were sent plus one, times their number, so that a round depends on the one before.
/// </summary>
internal sealed class CheckpointBench : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CheckpointBench() => Bench.Node = (ticket, request) => Bench.TrainedAsync(ticket, request, 10, file =>
    {
        string path = _folder.At(Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, Bench.Files.Get(request.ParametersUrl));
        using ModelParameters global = AggregatedParametersFile.Open(path);
        float number = ticket.NodeId[^1] - '0';
        return file with
        {
            Parameters = new() { ["w"] = ParameterTensor.FromArray([.. global["w"].AsSpan<float>().ToArray().Select(w => (w + 1) * number)]) },
            AuxiliaryVariables = ParameterMap.Create(
                [new("scaffold", ParameterMap.Create([new("delta", ParameterVector.From([new("w", ParameterTensor.FromArray([number, request.Round]))]))]))]),
        };
    });

    public JobBench Bench { get; } = new();

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string At(string name) => _folder.At(name);

    public JobOptions Options()
    {
        JobOptions options = Bench.Options();
        options.TrainingPlan = new StoredPlanSource("a small plan"u8.ToArray(), ".zip", "Small.Plan"); // a bundle of these tests has megabytes
        options.InitialParameters = new() { ["w"] = ParameterTensor.FromArray([5f, 1f]) };
        options.ModelArgs = new JsonObject { ["depth"] = 3, ["name"] = "größer", ["nothing"] = null };
        options.TrainingArgs = new TrainingArgs { Epochs = 2, TestRatio = 0.25 };
        options.Aggregator = new CountingRule();
        options.Sampler = new RoundRobin();
        options.WorkDirectory = null;
        return options;
    }

    public static ResumeOptions Resume() => new() { Aggregator = new CountingRule(), Sampler = new RoundRobin() };

    public Task<Job> ResumeAsync(string directory, ResumeOptions? options = null) =>
        Job.ResumeAsync(Bench.Requests.Object, Bench.Files, directory, options ?? Resume(), NullLoggerFactory.Instance, Bench.Time, Token);

    public static async Task RunAsync(Job job, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            await job.RunRoundAsync(new(), Token);
        }
    }

    /// <summary>A job of some rounds and one metric report a round, NaN and infinity among them.</summary>
    public async Task<Job> TrainAsync(int rounds, JobOptions? options = null)
    {
        Job job = await Bench.CreateAsync(options ?? Options());
        for (int i = 0; i < rounds; i++)
        {
            await RunAsync(job, 1);
            Bench.Metrics.Publish(Metric(job.Id, i));
        }

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await job.Metrics.ReadAllAsync(timeout.Token).Take(rounds).CountAsync(timeout.Token);
        return job;
    }

    /// <summary>A checkpoint of a job after some rounds.</summary>
    public async Task<string> SaveAsync(string name, int rounds = 2)
    {
        await using Job job = await TrainAsync(rounds);
        return await job.SaveCheckpointAsync(At(name), cancellationToken: Token);
    }

    /// <summary>The bytes of the parameters, without whose they are.</summary>
    public static float[] ParametersOf(Job job)
    {
        using ModelParameters parameters = job.OpenParameters();
        return parameters["w"].AsSpan<float>().ToArray();
    }

    public static void CopyDirectory(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    public void Dispose()
    {
        Bench.Dispose();
        _folder.Dispose();
    }

    private static NodeMetric Metric(string jobId, int round) => new(round, new MetricMessage
    {
        ResearcherId = "researcher_me",
        NodeId = "node_1",
        JobId = jobId,
        Train = true,
        Test = false,
        TestOnLocalUpdates = false,
        TestOnGlobalUpdates = false,
        Metrics = new Dictionary<string, double> { ["Loss"] = 1.0 / 3 / (round + 1), ["A metric"] = double.NaN, ["other"] = double.PositiveInfinity },
        Epoch = 1,
        TotalSamples = 10,
        BatchSamples = 5,
        BatchCount = 2,
        SamplesTrained = 5,
        Iteration = 1,
    });
}
