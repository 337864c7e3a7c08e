using System.Numerics;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Rounds;

/// <summary>Rounds with secure aggregation: its arguments, the rules that may combine it, and replies that are not what was asked for.</summary>
public sealed class SecureAggregationTests : IDisposable
{
    private static readonly SecureAggregationArgs Keys = new() { ServerKeyId = "key_1", BiprimeId = "biprime_1", Random = 0.5, ClippingRange = 3 };
    private static readonly BigInteger Large = BigInteger.Pow(2, 2040);

    private readonly JobBench _bench = new();

    [Fact]
    public async Task RunRoundAsync_RuleThatAcceptsEncrypted_GetsRepliesAsTheyCameAndReturnsTheParameters()
    {
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, ticket.NodeId == "node_1" ? 10 : 30, file => Encrypted(file, ticket.NodeId));
        var rule = new SumOfEncrypted();
        await using Job job = await _bench.CreateAsync();

        RoundResult result = await job.RunRoundAsync(new() { SecureAggregation = Keys, Aggregator = rule }, JobBench.Token);

        Assert.Equal(RoundOutcome.Completed, result.Outcome);
        Assert.All(_bench.Sent, r => Assert.Equal(
            ("key_1", "biprime_1", 0.5, 3), (r.SecaggServerKeyId, r.SecaggBiprimeId, r.SecaggRandom, r.SecaggClippingRange)));
        Assert.Equal(["node_1:10", "node_2:30"], rule.Seen!.Updates.Select(u => $"{u.NodeId}:{u.SampleCount}"));
        Assert.Equal([Large + 1, Large], rule.Seen.Updates[0].Parameters);
        Assert.Equal([Large + 2], rule.Seen.Updates[1].EncryptionFactor);
        using ModelParameters parameters = job.OpenParameters();
        Assert.Equal([7f, 8f], parameters["w"].AsSpan<float>().ToArray());
    }

    [Fact]
    public async Task RunRoundAsync_BuiltInRule_RefusedBeforeAnythingIsSent()
    {
        await using Job job = await _bench.CreateAsync();

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(() => job.RunRoundAsync(new() { SecureAggregation = Keys }, JobBench.Token));

        Assert.Equal(FedJobErrorCode.EncryptionMismatch, thrown.Code);
        Assert.Contains("FedAvg", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Sent);
    }

    [Fact]
    public async Task RunRoundAsync_OneReplyInClear_TypedNamingTheNodeAndTheJobStaysAsItWas()
    {
        _bench.Node = (ticket, request) => ticket.NodeId == "node_1"
            ? _bench.TrainedAsync(ticket, request, 10, file => Encrypted(file, ticket.NodeId))
            : _bench.TrainedAsync(ticket, request, 10, 1, 2);
        await using Job job = await _bench.CreateAsync();
        string before = job.ParametersPath;

        FedJobException thrown = await Assert.ThrowsAsync<FedJobException>(
            () => job.RunRoundAsync(new() { SecureAggregation = Keys, Aggregator = new SumOfEncrypted() }, JobBench.Token));

        Assert.Equal((FedJobErrorCode.EncryptionMismatch, job.Id, 0), (thrown.Code, thrown.JobId, thrown.Round));
        Assert.Contains("node_2", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("node_1", thrown.Message, StringComparison.Ordinal);
        Assert.Equal((0, before), (job.Round, job.ParametersPath));
    }

    [Fact]
    public async Task RunRoundAsync_EncryptedReplyNobodyAskedFor_IsInvalidParameters()
    {
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, 10, file => Encrypted(file, ticket.NodeId));
        await using Job job = await _bench.CreateAsync();

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(() => job.RunRoundAsync(new(), JobBench.Token));

        Assert.All(thrown.Verdicts, v => Assert.Equal(VerdictKind.InvalidParameters, v.Kind));
        Assert.Contains("did not ask for secure aggregation", thrown.Verdicts[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunRoundAsync_RuleReturnsOtherShapes_TypedNamingTheTensor()
    {
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, 10, file => Encrypted(file, ticket.NodeId));
        await using Job job = await _bench.CreateAsync();

        AggregationException thrown = await Assert.ThrowsAsync<AggregationException>(
            () => job.RunRoundAsync(new() { SecureAggregation = Keys, Aggregator = new SumOfEncrypted(1, 2, 3) }, JobBench.Token));

        Assert.Contains("'w'", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "biprime_1", 0.5)]
    [InlineData("key_1", "", 0.5)]
    [InlineData("key_1", "biprime_1", double.NaN)]
    public async Task RunRoundAsync_ArgumentsANodeWouldRefuse_RefusedBeforeAnythingIsSent(string key, string biprime, double random)
    {
        await using Job job = await _bench.CreateAsync();
        var keys = new SecureAggregationArgs { ServerKeyId = key, BiprimeId = biprime, Random = random };

        await Assert.ThrowsAsync<MessageFormatException>(
            () => job.RunRoundAsync(new() { SecureAggregation = keys, Aggregator = new SumOfEncrypted() }, JobBench.Token));

        Assert.Empty(_bench.Sent);
    }

    [Fact]
    [Trait("seed", "19")]
    public void ToString_Arguments_HidesTheRandomNumber() => Assert.DoesNotContain("0.5", Keys.ToString(), StringComparison.Ordinal);

    public void Dispose() => _bench.Dispose();

    private static NodeParametersFile Encrypted(NodeParametersFile file, string node) => file with
    {
        EncryptedParameters = [Large + (node == "node_1" ? 1 : 2), Large],
        EncryptionFactor = [Large + 2],
    };

    private sealed class SumOfEncrypted(params float[] result) : IAggregator
    {
        public EncryptedAggregationContext? Seen { get; private set; }

        public string Name => "SumOfEncrypted";

        public bool AcceptsEncrypted => true;

        public IRoundAggregation BeginRound(AggregationContext context) => throw new InvalidOperationException("only encrypted updates are expected");

        public Task<ModelParameters> CombineEncryptedAsync(EncryptedAggregationContext context, CancellationToken cancellationToken)
        {
            Seen = context;
            return Task.FromResult(new ModelParameters { ["w"] = ParameterTensor.FromArray(result.Length > 0 ? result : [7f, 8f]) });
        }
    }
}
