using System.Text;
using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Metrics;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Rounds;

namespace FedJob.Tests.Checkpoints;

/// <summary>Jobs that are saved and taken up.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly CheckpointBench _bench = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("seed", "26")]
    public async Task ResumeAsync_AfterThreeOfSixRounds_GoesOnAsIfNothingHadHappened()
    {
        await using Job straight = await _bench.TrainAsync(6);
        Job first = await _bench.TrainAsync(3);
        string checkpoint = await first.SaveCheckpointAsync(_bench.At("checkpoint"), cancellationToken: Token);
        await first.DisposeAsync();

        await using Job resumed = await _bench.ResumeAsync(checkpoint);
        Assert.Equal((first.Id, 3), (resumed.Id, resumed.Round));
        Assert.Equal(first.NodeStates.States, resumed.NodeStates.States);
        await CheckpointBench.RunAsync(resumed, 3);

        Assert.Equal(CheckpointBench.ParametersOf(straight), CheckpointBench.ParametersOf(resumed));
        Assert.Equal(6, resumed.Round);
        Assert.Equal(straight.NodeStates.States, resumed.NodeStates.States);
        Assert.Equal(Shape(straight.History), Shape(resumed.History));
        Assert.Equal(straight.LastRequests.Keys, resumed.LastRequests.Keys);
        Assert.Equal(straight.LastRequests.Values.Select(r => r.StateId), resumed.LastRequests.Values.Select(r => r.StateId));
    }

    [Fact]
    [Trait("seed", "27")]
    public async Task ResumeAsync_EverythingSaved_ComesBackAsItWas()
    {
        await using Job job = await _bench.TrainAsync(2);
        await job.RunRoundAsync(new() { Training = false }, Token);
        using var saved = job.OpenAuxiliaryVariables();

        string checkpoint = await job.SaveCheckpointAsync(_bench.At("a/b/checkpoint"), cancellationToken: Token);
        await using Job resumed = await _bench.ResumeAsync(checkpoint);

        Assert.Equal(job.History.Select(WithoutPlace), resumed.History.Select(WithoutPlace));
        Assert.All(job.History.Zip(resumed.History), pair => Assert.Equal(pair.First.Verdicts, pair.Second.Verdicts));
        Assert.All(job.History.Zip(resumed.History), pair => Assert.Equal(pair.First.ScreenedUpdates, pair.Second.ScreenedUpdates));
        Assert.NotEmpty(resumed.History[0].ScreenedUpdates);
        Assert.Equal(resumed.ParametersPath, resumed.History[^1].ParametersPath);
        Assert.Equal(job.Metrics.Query().Select(Flat), resumed.Metrics.Query().Select(Flat));
        Assert.Equal(2, resumed.Metrics.Count);
        Assert.True(double.IsNaN(resumed.Metrics.Query()[0].Message.Metrics["A metric"]));
        Assert.Equal(job.TrainingArgs, resumed.TrainingArgs);
        Assert.Equal((job.TrainingPlanName, job.TrainingPlanSha256), (resumed.TrainingPlanName, resumed.TrainingPlanSha256));
        Assert.Equal(job.Nodes, resumed.Nodes);
        Assert.Null(resumed.TrainingPlan);
        using var restored = resumed.OpenAuxiliaryVariables();
        ParameterTensor delta = DeltaOf(restored);
        Assert.Equal(DeltaOf(saved).AsSpan<float>().ToArray(), delta.AsSpan<float>().ToArray());
        await resumed.RunRoundAsync(new(), Token);
        Assert.Equal("größer", (string?)_bench.Bench.Sent[^1].ModelArgs["name"]);
    }

    [Fact]
    [Trait("seed", "24")]
    public async Task SaveCheckpointAsync_MovedAndCopied_ReadsTheSameAndHoldsNoPathAndNoLink()
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");
        CheckpointBench.CopyDirectory(checkpoint, _bench.At("copy"));
        Directory.Move(checkpoint, _bench.At("moved"));

        await using Job moved = await _bench.ResumeAsync(_bench.At("moved"));
        await using Job copied = await _bench.ResumeAsync(_bench.At("copy"));

        Assert.Equal(CheckpointBench.ParametersOf(moved), CheckpointBench.ParametersOf(copied));
        foreach (string file in Directory.GetFiles(_bench.At("moved")))
        {
            Assert.Null(new FileInfo(file).LinkTarget);
            string text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Token));
            Assert.DoesNotContain(Path.GetTempPath(), text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task ResumeAsync_RuleAndSamplerRemember_TheirStateGoesOn()
    {
        string checkpoint = await _bench.SaveAsync("checkpoint", rounds: 3);
        ResumeOptions options = CheckpointBench.Resume();

        await using Job resumed = await _bench.ResumeAsync(checkpoint, options);

        Assert.Equal(3, ((CountingRule)options.Aggregator).Rounds);
        RoundResult next = await resumed.RunRoundAsync(new(), Token);
        Assert.Equal("node_2", Assert.Single(next.Verdicts).NodeId);
    }

    [Fact]
    public async Task SaveCheckpointAsync_RuleGivenToTheRounds_ItsStateIsSaved()
    {
        await using Job job = await _bench.TrainAsync(1);
        var given = new CountingRule();
        await job.RunRoundAsync(new() { Aggregator = given }, Token);
        await job.RunRoundAsync(new() { Aggregator = given }, Token);
        ResumeOptions options = CheckpointBench.Resume();

        await using Job resumed = await _bench.ResumeAsync(await job.SaveCheckpointAsync(_bench.At("given"), cancellationToken: Token), options);

        Assert.Equal(2, ((CountingRule)options.Aggregator).Rounds);
    }

    [Fact]
    public async Task RunRoundAsync_FailsAfterItsCombination_RuleForgetsTheRound()
    {
        await using Job job = await _bench.TrainAsync(1);
        var rule = new CountingRule();
        await job.RunRoundAsync(new() { Aggregator = rule }, Token);
        _bench.Bench.Files.UploadFailure = new RepositoryException(FedJobErrorCode.RepositoryUnreachable, "gone");

        await Assert.ThrowsAsync<RepositoryException>(() => job.RunRoundAsync(new() { Aggregator = rule }, Token));

        Assert.Equal(1, rule.Rounds);
        _bench.Bench.Files.UploadFailure = null;
        await job.RunRoundAsync(new() { Aggregator = rule }, Token);
        Assert.Equal(2, rule.Rounds);
    }

    [Fact]
    public async Task ResumeAsync_AnotherRuleOrSampler_RefusedByName()
    {
        string checkpoint = await _bench.SaveAsync("checkpoint");

        ArgumentException rule = await Assert.ThrowsAsync<ArgumentException>(() => _bench.ResumeAsync(checkpoint, new ResumeOptions()));
        ArgumentException sampler = await Assert.ThrowsAsync<ArgumentException>(
            () => _bench.ResumeAsync(checkpoint, new ResumeOptions { Aggregator = new CountingRule() }));

        Assert.Contains("the rule Counting", rule.Message, StringComparison.Ordinal);
        Assert.Contains("the sampler RoundRobin", sampler.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResumeAsync_AsBranchOfEachRound_NewIdsNoStatesAndTheFirstJobUnaffected()
    {
        await using Job job = await _bench.TrainAsync(0);
        List<float[]> parameters = [];
        for (int i = 0; i < 3; i++)
        {
            await job.SaveCheckpointAsync(_bench.At($"round-{i}"), cancellationToken: Token);
            await CheckpointBench.RunAsync(job, 1);
            parameters.Add(CheckpointBench.ParametersOf(job));
        }

        IReadOnlyDictionary<string, string> states = job.NodeStates.States;
        for (int i = 0; i < 3; i++)
        {
            ResumeOptions options = CheckpointBench.Resume();
            options.AsBranch = true;
            await using Job branch = await _bench.ResumeAsync(_bench.At($"round-{i}"), options);
            Assert.NotEqual(job.Id, branch.Id);
            Assert.Empty(branch.NodeStates.States);
            await CheckpointBench.RunAsync(branch, 1);
            Assert.Equal(parameters[i], CheckpointBench.ParametersOf(branch));
            Assert.Null(Assert.Single(branch.LastRequests.Values).StateId);
        }

        Assert.Equal((3, states), (job.Round, job.NodeStates.States));
        Assert.Equal(parameters[2], CheckpointBench.ParametersOf(job));
    }

    [Fact]
    public async Task SaveCheckpointAsync_ReplyFilesKept_AreInTheCheckpointAndOnlyThoseOfTheLastRound()
    {
        JobOptions options = _bench.Options();
        (options.KeepReplyFiles, options.Sampler) = (true, new FedJob.Nodes.AllNodesSampler());
        await using Job job = await _bench.TrainAsync(2, options);

        string checkpoint = await job.SaveCheckpointAsync(_bench.At("checkpoint"), new CheckpointOptions { IncludeReplyFiles = true }, Token);

        Assert.Equal(["node_1", "node_2"], job.ReplyFiles.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(job.ParametersPath)!, "update_*", SearchOption.AllDirectories).Length);
        using StoredJob stored = await CheckpointReader.ReadAsync(checkpoint, Token);
        using var reply = NodeParametersFile.Open(stored.State.ReplyFiles["node_2"]);
        Assert.Equal("node_2", reply.NodeId);
        await using Job resumed = await _bench.ResumeAsync(checkpoint, new ResumeOptions { Aggregator = new CountingRule() });
        Assert.Empty(resumed.ReplyFiles);
    }

    [Fact]
    [Trait("seed", "23")]
    public async Task RunRoundAsync_ManyRounds_NoFileOfANodeOutlivesItsRound()
    {
        await using Job job = await _bench.TrainAsync(4);
        string directory = Path.GetDirectoryName(job.ParametersPath)!;

        Assert.Empty(Directory.GetDirectories(directory));
        Assert.Empty(job.ReplyFiles);
        Assert.Single(Directory.GetFiles(directory, "auxiliary_variables_*"));
        string checkpoint = await job.SaveCheckpointAsync(_bench.At("checkpoint"), cancellationToken: Token);
        Assert.Equal(9, Directory.GetFiles(checkpoint).Length);
    }

    [Fact]
    public async Task SaveCheckpointAsync_ReplyFilesNotKept_RefusedSayingWhatToSet()
    {
        await using Job job = await _bench.TrainAsync(1);

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => job.SaveCheckpointAsync(_bench.At("checkpoint"), new CheckpointOptions { IncludeReplyFiles = true }, Token));

        Assert.Equal(FedJobErrorCode.OptionsInvalid, thrown.Code);
        Assert.Contains("KeepReplyFiles", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task SaveCheckpointAsync_RuleThrows_ItsOwnFailureAndNothingWritten()
    {
        JobOptions options = _bench.Options();
        await using Job job = await _bench.TrainAsync(1, options);
        ((CountingRule)options.Aggregator).Throws = new InvalidOperationException("no state");

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => job.SaveCheckpointAsync(_bench.At("in/checkpoint"), cancellationToken: Token));

        Assert.Equal(FedJobErrorCode.ExtensionFailed, thrown.Code);
        Assert.False(Directory.Exists(_bench.At("in")));
    }

    [Fact]
    public async Task SaveCheckpointAsync_RoundIsRunning_Refused()
    {
        Task asked = _bench.Bench.SilenceAsync(1);
        await using Job job = await _bench.Bench.CreateAsync(_bench.Options());
        using var stop = new CancellationTokenSource();
        Task<RoundResult> round = job.RunRoundAsync(new(), stop.Token);
        await asked;

        await Assert.ThrowsAsync<InvalidOperationException>(() => job.SaveCheckpointAsync(_bench.At("checkpoint"), cancellationToken: Token));

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => round);
    }

    public void Dispose() => _bench.Dispose();

    private static ParameterTensor DeltaOf(ReceivedAuxiliaryVariables variables)
    {
        var values = (ParameterMap)Assert.Single(variables.Modules["scaffold"]).Value;
        Assert.True(values.TryGetValue("delta", out ParameterValue? vector));
        Assert.True(((ParameterVector)vector).Coefficients.TryGetValue("w", out ParameterValue? tensor));
        return ((ParameterTensorValue)tensor).Tensor;
    }

    private static object Shape(IReadOnlyList<RoundResult> history) =>
        history.Select(r => (r.Round, r.Outcome, string.Join(',', r.Verdicts.Select(v => (v.NodeId, v.Kind, v.StateId, v.SampleCount, v.Reason))))).ToArray();

    private static RoundResult WithoutPlace(RoundResult result) => result with
    {
        ScreenedUpdates = [],
        ParametersPath = Path.GetExtension(result.ParametersPath),
        ParametersUrl = new Uri("http://any.test/"),
        AuxiliaryVariablesPath = null,
        Verdicts = [],
    };

    private static string Flat(NodeMetric metric) =>
        $"{metric.Round} {metric.Message with { Metrics = new Dictionary<string, double>() }} {string.Join(' ', metric.Message.Metrics.Select(m => $"{m.Key}={m.Value:R}"))}"
            .Replace(metric.Message.Metrics.ToString()!, string.Empty, StringComparison.Ordinal);
}
