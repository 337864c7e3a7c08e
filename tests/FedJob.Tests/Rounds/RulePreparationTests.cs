using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Rounds;

/// <summary>What a rule asks for before a round is sent.</summary>
public sealed class RulePreparationTests : IDisposable
{
    private readonly JobBench _bench = new();

    [Fact]
    public async Task RunRoundAsync_RuleWithArguments_TravelBesideTheCallersEachToItsNode()
    {
        await using Job job = await _bench.CreateAsync();
        var rule = new AskingRule
        {
            Preparation = new()
            {
                AggregatorArguments = new()
                {
                    Shared = new() { Values = new() { ["aggregator_name"] = "Asking" } },
                    PerNode = new Dictionary<string, NodeArguments> { ["node_2"] = new() { Values = new() { ["own"] = 2.5 }, Files = Files(4) } },
                },
                AuxiliaryVariables = new() { Shared = new Dictionary<string, ParameterMap> { ["scaffold"] = ParameterMap.Empty } },
            },
        };
        var callers = new AggregatorArguments { PerNode = new Dictionary<string, NodeArguments> { ["node_1"] = new() { Values = new() { ["mine"] = 1.5 } } } };

        await job.RunRoundAsync(new() { Aggregator = rule, AggregatorArguments = callers }, JobBench.Token);

        TrainRequest one = job.LastRequests["node_1"], two = job.LastRequests["node_2"];
        Assert.Equal("""{"aggregator_name":"Asking","mine":1.5}""", one.AggregatorArgs.ToJsonString());
        Assert.Equal(["aggregator_name", "own", "tensors"], two.AggregatorArgs.Select(a => a.Key));
        Assert.All(_bench.Sent, r => Assert.Single(r.AuxiliaryVariableUrls!));
        Assert.Equal(["node_1", "node_2"], rule.Asked!.Participants);
        Assert.Equal(["w"], rule.Asked.Global.Names);
        Assert.Empty(callers.Shared.Values);
    }

    [Fact]
    public async Task RunRoundAsync_RuleAndCallerGiveTheSameArgument_RefusedBeforeAnythingIsSent()
    {
        await using Job job = await _bench.CreateAsync();
        var mine = new AggregatorArguments { Shared = new() { Values = new() { ["own"] = 1.5 } } };
        var rule = new AskingRule { Preparation = new() { AggregatorArguments = mine } };
        var ruleOfNode = new AskingRule { Preparation = new() { AggregatorArguments = new() { PerNode = new Dictionary<string, NodeArguments> { ["node_1"] = mine.Shared } } } };
        var variables = new AuxiliaryVariables { Shared = new Dictionary<string, ParameterMap> { ["scaffold"] = ParameterMap.Empty } };

        FedJobException[] refused =
        [
            await Assert.ThrowsAsync<AggregationException>(() => job.RunRoundAsync(new() { Aggregator = rule, AggregatorArguments = mine }, JobBench.Token)),
            await Assert.ThrowsAsync<FedJobException>(() => job.RunRoundAsync(new() { Aggregator = ruleOfNode, AggregatorArguments = mine }, JobBench.Token)),
            await Assert.ThrowsAsync<AggregationException>(() => job.RunRoundAsync(
                new() { Aggregator = new AskingRule { Preparation = new() { AuxiliaryVariables = variables } }, AuxiliaryVariables = variables }, JobBench.Token)),
        ];

        Assert.All(refused[..2], r => Assert.Contains("'own'", r.Message, StringComparison.Ordinal));
        Assert.Contains("'scaffold'", refused[2].Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Sent);
    }

    [Fact]
    [Trait("fault", "15")]
    public async Task RunRoundAsync_RuleThrowsWhileItPrepares_IsWrappedAndNothingIsSent()
    {
        await using Job job = await _bench.CreateAsync();
        var thrown = new InvalidOperationException("not today");

        FedJobException failed = await Assert.ThrowsAsync<FedJobException>(
            () => job.RunRoundAsync(new() { Aggregator = new AskingRule { Throws = thrown } }, JobBench.Token));

        Assert.Equal(FedJobErrorCode.ExtensionFailed, failed.Code);
        Assert.Same(thrown, failed.InnerException);
        Assert.Empty(_bench.Sent);
        Assert.Equal(0, job.Round);
    }

    [Fact]
    public async Task RunRoundAsync_ValidationOnly_AsksTheRuleNothing()
    {
        await using Job job = await _bench.CreateAsync();
        var rule = new AskingRule { Throws = new InvalidOperationException() };
        _bench.Node = (ticket, request) => Task.FromResult<NodeMessage?>(new TrainReply
        {
            ResearcherId = ticket.RequestId,
            NodeId = ticket.NodeId,
            JobId = ticket.JobId,
            Success = true,
            DatasetId = request.DatasetId,
            ParametersUrl = string.Empty,
            Text = string.Empty,
        });

        await job.RunRoundAsync(new() { Training = false, Aggregator = rule }, JobBench.Token);

        Assert.Null(rule.Asked);
    }

    [Fact]
    public async Task RunRoundAsync_FedProx_SendsItsMuAndLeavesTheJobsArguments()
    {
        await using Job job = await _bench.CreateAsync();

        await job.RunRoundAsync(new() { Aggregator = new FedProx(0.25) }, JobBench.Token);

        Assert.All(_bench.Sent, r => Assert.Equal(0.25, r.TrainingArgs.FedProxMu));
        Assert.Null(job.TrainingArgs.FedProxMu);
    }

    [Fact]
    public async Task RunRoundAsync_ScaffoldFailsAfterItsCombination_SendsTheCorrectionsOfTheRoundBefore()
    {
        JobOptions options = _bench.Options();
        options.TrainingArgs = new() { UpdateCount = 2, LearningRate = 0.5 };
        options.Aggregator = new Scaffold();
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, 10, ticket.NodeId == "node_1" ? 4 : 6, request.Round);
        await using Job job = await _bench.CreateAsync(options);
        await job.RunRoundAsync(new(), JobBench.Token);
        _bench.Files.UploadFailure = null;
        await job.RunRoundAsync(new(), JobBench.Token);
        string[] second = [.. job.LastRequests.Values.Select(r => (string)r.AggregatorArgs["aggregator_correction"]!["url"]!)];

        // All files of the requests are known to the job by then, so that the new parameters are the first that cannot be uploaded.
        IAggregator undisturbed = options.Aggregator;
        ParameterMap before = undisturbed.SaveState();
        _bench.Files.UploadFailure = new RepositoryException(FedJobErrorCode.RepositoryUnreachable, "gone");
        await Assert.ThrowsAsync<RepositoryException>(() => job.RunRoundAsync(new(), JobBench.Token));
        _bench.Files.UploadFailure = null;
        ModelParameters[] corrections = [.. Corrections(undisturbed, job)];

        Assert.Equal(2, second.Distinct().Count());
        undisturbed.RestoreState(before);
        Assert.Equal(Corrections(undisturbed, job).SelectMany(c => c["w"].AsSpan<float>().ToArray()), corrections.SelectMany(c => c["w"].AsSpan<float>().ToArray()));
    }

    public void Dispose() => _bench.Dispose();

    private static IEnumerable<ModelParameters> Corrections(IAggregator rule, Job job)
    {
        using ModelParameters global = job.OpenParameters();
        return [.. rule.PrepareRound(new() { Round = 0, Participants = ["node_1", "node_2"], Global = global }).AggregatorArguments.PerNode.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => p.Value.Files["aggregator_correction"])];
    }

    private static Dictionary<string, ModelParameters> Files(float value) => new() { ["tensors"] = new() { ["w"] = ParameterTensor.FromArray(new[] { value }) } };

    private sealed class AskingRule : IAggregator
    {
        public string Name => "Asking";

        public RoundPreparation Preparation { get; init; } = RoundPreparation.None;

        public Exception? Throws { get; init; }

        public PreparationContext? Asked { get; private set; }

        public RoundPreparation PrepareRound(PreparationContext context)
        {
            Asked = context;
            return Throws is null ? Preparation : throw Throws;
        }

        public IRoundAggregation BeginRound(AggregationContext context) => new FedAvg().BeginRound(context);
    }
}
