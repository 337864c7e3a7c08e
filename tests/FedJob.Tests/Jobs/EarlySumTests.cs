using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FedJob.Tests.Jobs;

/// <summary>The first updates are added up while others are still coming, and nothing but the time shows it.</summary>
public sealed class EarlySumTests : IDisposable
{
    private const int Nodes = 8;

    private readonly JobBench _bench = new();
    private readonly TaskCompletionSource _summed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FakeLoggerProvider _logs;
    private volatile Uri? _lastUrl;

    public EarlySumTests()
    {
        _logs = new FakeLoggerProvider(FakeLogCollector.Create(new FakeLogCollectorOptions { OutputSink = Heard }));
        _bench.Loggers = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Debug).AddProvider(_logs));
        _bench.Node = async (ticket, request) =>
        {
            int node = NumberOf(ticket.NodeId);
            NodeMessage? reply = await _bench.TrainedAsync(ticket, request, Samples(node), Weights(node));
            _lastUrl = node == Nodes ? new Uri(((TrainReply)reply!).ParametersUrl) : _lastUrl;
            return reply;
        };
    }

    [Fact]
    public async Task RunRoundAsync_LastDownloadIsSlow_TheOthersAreAddedUpMeanwhileWithTheSameBits()
    {
        _bench.Files.BeforeDownload = (request, stop) => SlowlyAsync(request, stop);
        await using Job job = await _bench.CreateAsync(Options(new FedAvg()));

        RoundResult round = await job.RunRoundAsync(new RoundRequest(), JobBench.Token);

        Assert.True(_summed.Task.IsCompletedSuccessfully);
        Assert.Equal(Nodes, round.Verdicts.Count(v => v.Kind == VerdictKind.Succeeded));
        AssertMean(job, Enumerable.Range(1, Nodes));
        Assert.Empty(Directory.GetDirectories(_bench.WorkDirectory));
    }

    [Fact]
    public async Task RunRoundAsync_LastDownloadFailsAfterTheOthersWereAddedUp_TheMeanIsThatOfTheOthers()
    {
        _bench.Files.BeforeDownload = async (request, stop) =>
        {
            await SlowlyAsync(request, stop);
            if (request.Url == _lastUrl)
            {
                throw new RepositoryException(FedJobErrorCode.RepositoryRefused, "gone");
            }
        };
        JobOptions options = Options(new FedProx(0.1));
        options.RoundPolicy = options.RoundPolicy with { MinimumReplies = Quorum.Count(Nodes - 1), Grace = TimeSpan.FromMinutes(1) };
        await using Job job = await _bench.CreateAsync(options);

        RoundResult round = await job.RunRoundAsync(new RoundRequest(), JobBench.Token);

        Assert.Equal(VerdictKind.DownloadFailed, Assert.Single(round.Verdicts, v => v.Kind != VerdictKind.Succeeded).Kind);
        AssertMean(job, Enumerable.Range(1, Nodes - 1));
    }

    [Fact]
    public async Task RunRoundAsync_DownloadsAreFast_TheyAreNotDisturbed()
    {
        await using Job job = await _bench.CreateAsync(Options(new FedAvg()));

        await job.RunRoundAsync(new RoundRequest(), JobBench.Token);

        Assert.False(_summed.Task.IsCompleted);
        AssertMean(job, Enumerable.Range(1, Nodes));
    }

    [Fact]
    public async Task RunRoundAsync_RuleMustSeeAllUpdates_NothingIsAddedUpEarly()
    {
        _bench.Files.BeforeDownload = (_, _) =>
        {
            _bench.Time.Advance(TimeSpan.FromSeconds(5));
            return Task.CompletedTask;
        };
        await using Job job = await _bench.CreateAsync(Options(new CoordinateWiseMedian()));

        await job.RunRoundAsync(new RoundRequest(), JobBench.Token);

        Assert.False(_summed.Task.IsCompleted);
    }

    public void Dispose()
    {
        _bench.Loggers.Dispose();
        _bench.Dispose();
    }

    private static int NumberOf(string nodeId) => int.Parse(nodeId.AsSpan("node_".Length));

    private static long Samples(int node) => 7 + (3 * node);

    private static float[] Weights(int node)
    {
        var weights = new float[HugePlan.HugeLength];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = ((i % 1013) * 0.37f) - (node * 1.1f);
        }

        return weights;
    }

    /// <summary>acc = acc + share * w, with two roundings, in the order of the nodes' names.</summary>
    private static void AssertMean(Job job, IEnumerable<int> nodes)
    {
        long total = nodes.Sum(Samples);
        using ModelParameters parameters = job.OpenParameters();
        ReadOnlySpan<float> mean = parameters["w"].AsSpan<float>();
        var expected = new float[mean.Length];
        foreach (int node in nodes)
        {
            float share = (float)((double)Samples(node) / total);
            float[] weights = Weights(node);
            for (int i = 0; i < expected.Length; i++)
            {
                float product = share * weights[i];
                expected[i] += product;
            }
        }

        Assert.True(mean.SequenceEqual(expected));
    }

    /// <summary>Each download takes seconds, and the last one until the others are added up.</summary>
    private Task SlowlyAsync(DownloadRequest request, CancellationToken stop)
    {
        _bench.Time.Advance(TimeSpan.FromSeconds(5));
        return request.Url == _lastUrl ? _summed.Task.WaitAsync(stop) : Task.CompletedTask;
    }

    private void Heard(string line)
    {
        if (line.Contains("are added up while the others are still coming", StringComparison.Ordinal))
        {
            _summed.TrySetResult();
        }
    }

    private JobOptions Options(IAggregator rule)
    {
        JobOptions options = _bench.Options(Nodes);
        options.TrainingPlan = TrainingPlanSource.FromType<HugePlan>();
        options.Aggregator = rule;
        return options;
    }
}
