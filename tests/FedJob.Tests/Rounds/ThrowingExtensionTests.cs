using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Journal;
using FedJob.Nodes;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.Tests.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Rounds;

/// <summary>Every method of a rule and a sampler throws once: the caller gets it wrapped, the job stays as it was, and no reply is asked for twice.</summary>
public sealed class ThrowingExtensionTests : IDisposable
{
    private readonly JobBench _bench = new();
    private readonly NotSupportedException _thrown = new("odd");
    private string? _at;
    private int _after;

    [Theory]
    [Trait("fault", "15")]
    [InlineData(nameof(IAggregator.AdjustTrainingArgs), 0, 2)]
    [InlineData(nameof(IAggregator.AdjustTrainingArgs), 1, 2)]
    [InlineData(nameof(IAggregator.Validate), 0, 2)]
    [InlineData(nameof(IAggregator.Validate), 1, 2)]
    [InlineData(nameof(INodeSampler.Sample), 0, 2)]
    [InlineData(nameof(IAggregator.PrepareRound), 0, 2)]
    [InlineData(nameof(IAggregator.BeginRound), 0, 0)]
    [InlineData(nameof(IRoundAggregation.Combine), 0, 0)]
    [InlineData(nameof(IAggregator.SaveState), 0, 0)]
    [InlineData(nameof(IAggregator.SaveState), 1, 0)]
    [InlineData("SaveState of the sampler", 0, 0)]
    public async Task RunRoundAsync_MethodThrows_IsWrappedAndTheRoundGoesOn(string method, int after, int askedAgain)
    {
        var rule = new Rule(this);
        await using Job job = await CreateAsync(rule);
        (Uri url, string[] files) = (job.ParametersUrl, Files());
        (_at, _after) = (method, after);

        FedJobException wrapped = await Assert.ThrowsAsync<FedJobException>(() => job.RunRoundAsync(new(), JobBench.Token));

        Assert.Equal(FedJobErrorCode.ExtensionFailed, wrapped.Code);
        Assert.Same(_thrown, wrapped.InnerException);
        Assert.True((method, after) == (nameof(IAggregator.Validate), 0) || (wrapped.JobId, wrapped.Round) == (job.Id, 0), $"job {wrapped.JobId}, round {wrapped.Round}");
        Assert.Equal((0, url, 0), (job.Round, job.ParametersUrl, _bench.OpenWindows));
        Assert.Equal(files, Files());
        Assert.Equal(0, rule.Rounds);
        int before = _bench.Sent.Count;
        _at = null;
        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);
        Assert.Equal((RoundOutcome.Completed, askedAgain, 1), (result.Outcome, _bench.Sent.Count - before, rule.Rounds));
    }

    [Theory]
    [Trait("fault", "15")]
    [InlineData(nameof(IAggregator.AdjustTrainingArgs))]
    [InlineData(nameof(IAggregator.Validate))]
    public async Task CreateAsync_MethodThrows_IsWrappedAndNothingIsLeft(string method)
    {
        _at = method;

        FedJobException wrapped = await Assert.ThrowsAsync<FedJobException>(() => CreateAsync(new Rule(this)));

        Assert.Equal(FedJobErrorCode.ExtensionFailed, wrapped.Code);
        Assert.Same(_thrown, wrapped.InnerException);
        Assert.Empty(Directory.GetFileSystemEntries(_bench.WorkDirectory));
    }

    [Theory]
    [Trait("fault", "15")]
    [InlineData(nameof(IAggregator.RestoreState))]
    [InlineData("RestoreState of the sampler")]
    public async Task ResumeAsync_StateIsNotTakenUp_IsWrappedAndTheJobCanBeResumed(string method)
    {
        await using (Job job = await CreateAsync(new Rule(this)))
        {
            await job.RunRoundAsync(new(), JobBench.Token);
        }

        _at = method;
        FedJobException wrapped = await Assert.ThrowsAsync<FedJobException>(ResumeAsync);
        _at = null;

        Assert.Equal(FedJobErrorCode.ExtensionFailed, wrapped.Code);
        Assert.Same(_thrown, wrapped.InnerException);
        await using Job resumed = await ResumeAsync();
        Assert.Equal(1, resumed.Round);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task RunRoundAsync_StateIsNotTakenBackAfterAFailedUpload_TheUploadsFailureReachesTheCaller()
    {
        await using Job job = await CreateAsync(new Rule(this));
        _at = nameof(IAggregator.RestoreState);
        var refused = new FedJob.Protocol.Storage.RepositoryException(FedJobErrorCode.RepositoryUnreachable, "gone");
        _bench.Files.UploadFailure = refused;

        Assert.Same(refused, await Assert.ThrowsAsync<FedJob.Protocol.Storage.RepositoryException>(() => job.RunRoundAsync(new(), JobBench.Token)));
        Assert.Equal(0, job.Round);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task SubscribeToEvents_ConsumerThrows_TheRoundGoesOn()
    {
        await using Job job = await CreateAsync(new Rule(this));
        using FedJob.Metrics.Subscription<RoundEvent> events = job.SubscribeToEvents();
        Task consumer = Task.Run(
            async () =>
            {
                await foreach (RoundEvent seen in events.ReadAllAsync(JobBench.Token))
                {
                    throw _thrown;
                }
            },
            JobBench.Token);

        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.Same(_thrown, await Assert.ThrowsAsync<NotSupportedException>(() => consumer));
    }

    public void Dispose() => _bench.Dispose();

    private Task<Job> CreateAsync(Rule rule)
    {
        JobOptions options = _bench.Options();
        (options.Aggregator, options.Sampler) = (rule, new Sampler(this));
        return _bench.CreateAsync(options);
    }

    private Task<Job> ResumeAsync() => Job.ResumeAsync(
        _bench.Requests.Object,
        _bench.Files,
        _bench.WorkDirectory,
        new ResumeOptions { RoundPolicy = _bench.Options().RoundPolicy, Aggregator = new Rule(this), Sampler = new Sampler(this) },
        NullLoggerFactory.Instance,
        _bench.Time,
        JobBench.Token);

    /// <summary>The job's files, and those of the replies that its journal names as "reply".</summary>
    private string[] Files()
    {
        string[] replies = [.. (JournalReader.Read(_bench.WorkDirectory).Open?.Replies ?? []).Select(r => r.File).OfType<string>()];
        return [.. Directory.GetFiles(_bench.WorkDirectory, "*", SearchOption.AllDirectories).Except(replies).Where(f => !f.Contains("journal.db", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    private void At(string method)
    {
        if (method == _at && _after-- <= 0)
        {
            throw _thrown;
        }
    }

    /// <summary>Counts its rounds, which is its state.</summary>
    private sealed class Rule(ThrowingExtensionTests test) : IAggregator
    {
        private readonly FedAvg _inner = new();

        public string Name => "Throwing";

        public int Rounds { get; private set; }

        public TrainingArgs AdjustTrainingArgs(TrainingArgs trainingArgs)
        {
            test.At(nameof(AdjustTrainingArgs));
            return trainingArgs;
        }

        public void Validate(int participants) => test.At(nameof(Validate));

        public RoundPreparation PrepareRound(PreparationContext context)
        {
            test.At(nameof(PrepareRound));
            return RoundPreparation.None;
        }

        public IRoundAggregation BeginRound(AggregationContext context)
        {
            test.At(nameof(BeginRound));
            Rounds++;
            return new Round(test, _inner.BeginRound(context));
        }

        public ParameterMap SaveState()
        {
            test.At(nameof(SaveState));
            return Rounds == 0 ? ParameterMap.Empty : ParameterMap.Create([new("rounds", new ParameterInteger(Rounds))]);
        }

        public void RestoreState(ParameterMap state)
        {
            test.At(nameof(RestoreState));
            Rounds = state.TryGetValue("rounds", out ParameterValue? rounds) ? (int)((ParameterInteger)rounds).Value : 0;
        }
    }

    private sealed class Round(ThrowingExtensionTests test, IRoundAggregation inner) : IRoundAggregation
    {
        public void Combine<T>(TensorBlock<T> block)
            where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        {
            test.At(nameof(Combine));
            inner.Combine(block);
        }
    }

    private sealed class Sampler(ThrowingExtensionTests test) : INodeSampler
    {
        public IReadOnlyList<string> Sample(SamplingContext context)
        {
            test.At(nameof(Sample));
            return context.Data.Nodes;
        }

        public ParameterMap SaveState()
        {
            test.At("SaveState of the sampler");
            return ParameterMap.Create([new("asked", new ParameterInteger(1))]);
        }

        public void RestoreState(ParameterMap state) => test.At("RestoreState of the sampler");
    }
}
