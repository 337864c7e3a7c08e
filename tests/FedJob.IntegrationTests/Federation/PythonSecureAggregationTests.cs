using System.Numerics;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Testing.Scripting;

namespace FedJob.IntegrationTests.Federation;

/// <summary>Rounds with secure aggregation at Python nodes: keys there, ciphertexts back, a rule that combines them.</summary>
public sealed class PythonSecureAggregationTests
{
    private static readonly BigInteger Large = BigInteger.Pow(2, 2047) + 12345;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_KeysAtEveryNode_ArgumentsArriveAndCiphertextsComeBack(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        string researcher = bench.Client.Requests.ResearcherId;
        await AgreeAsync(bench, researcher);
        bench.After("a", update => Encrypted(update, Large));
        bench.After("b", update => Encrypted(update, Large + 1));
        var rule = new EncryptedSum();

        for (int round = 0; round < 2; round++)
        {
            var keys = new SecureAggregationArgs
            {
                ServerKeyId = "key_1",
                BiprimeId = "biprime_1",
                Random = 0.25 + (round / 2.0),
                ClippingRange = 3,
            };
            (NodeGate a, NodeGate b) = (bench.Gate("a"), bench.Gate("b"));
            Task<RoundResult> running = bench.Job.RunRoundAsync(new RoundRequest { SecureAggregation = keys, Aggregator = rule }, Token);
            foreach (EmulatedTask task in await Task.WhenAll(a.BegunAsync(), b.BegunAsync()))
            {
                Assert.Equal((researcher, round), (task.ResearcherId, task.Round));
                Assert.Equal(
                    ("key_1", "biprime_1", keys.Random, 3),
                    ((string?)task.Request["secagg_servkey_id"], (string?)task.Request["secagg_biprime_id"],
                        (double?)task.Request["secagg_random"], (int?)task.Request["secagg_clipping_range"]));
            }

            a.Open();
            b.Open();
            Assert.Equal(RoundOutcome.Completed, (await running).Outcome);
        }

        Assert.Equal(
            [
                $"0 a 3 {Large} {Large * 2}",
                $"0 b 1 {Large + 1} {(Large + 1) * 2}",
                $"1 a 3 {Large} {Large * 2}",
                $"1 b 1 {Large + 1} {(Large + 1) * 2}",
            ],
            rule.Seen);
        Assert.Equal(42.0, bench.Mean);
        Assert.Equal(0, bench.Client.Requests.RefusedCount);
    }

    [Theory]
    [MemberData(nameof(Fleets.FedBioMed), MemberType = typeof(Fleets))]
    public async Task RunRoundAsync_NoKeysAtTheNodes_TheirTextReachesTheUser(Fleet fleet)
    {
        await using PythonBench bench = await PythonBench.StartAsync(fleet);
        var keys = new SecureAggregationArgs { ServerKeyId = "key_none", BiprimeId = "biprime_none", Random = 0.5 };

        RoundFailedException thrown = await Assert.ThrowsAsync<RoundFailedException>(
            () => bench.Job.RunRoundAsync(new RoundRequest { SecureAggregation = keys, Aggregator = new EncryptedSum() }, Token));

        Assert.All(thrown.Verdicts, v => Assert.Contains("key_none is not existing", v.Reason, StringComparison.Ordinal));
    }

    /// <summary>Makes the keys at both nodes, as a researcher does.</summary>
    private static async Task AgreeAsync(PythonBench bench, string researcher)
    {
        foreach (SecaggElement element in (SecaggElement[])[SecaggElement.ServerKey, SecaggElement.Biprime])
        {
            foreach (string nodeId in (string[])["a", "b"])
            {
                var request = new SecaggRequest
                {
                    ResearcherId = researcher,
                    SecaggId = element == SecaggElement.Biprime ? "biprime_1" : "key_1",
                    Sequence = 1,
                    Element = element,
                    JobId = element == SecaggElement.Biprime ? null : bench.Job.Id,
                    Parties = [researcher, "a", "b"],
                };
                await bench.Raw.SayAsync(Topics.Node(nodeId), MessageWriter.Write(request));
                Assert.True((bool?)(await bench.Raw.NextAsync("secagg", nodeId))["success"]);
            }
        }
    }

    private static EmulatedUpdate Encrypted(EmulatedUpdate update, BigInteger value)
    {
        update.Parameters.Dispose();
        return update with { Parameters = [], EncryptedParameters = [value], EncryptionFactor = [value * 2] };
    }

    /// <summary>Notes what it gets and makes 42 of it.</summary>
    private sealed class EncryptedSum : IAggregator
    {
        public string Name => "EncryptedSum";

        public bool AcceptsEncrypted => true;

        public List<string> Seen { get; } = [];

        public IRoundAggregation BeginRound(AggregationContext context) => throw new InvalidOperationException("Nothing came in clear.");

        public Task<ModelParameters> CombineEncryptedAsync(EncryptedAggregationContext context, CancellationToken cancellationToken)
        {
            Seen.AddRange(context.Updates.Select(
                u => $"{context.Round} {u.NodeId} {u.SampleCount} {Assert.Single(u.Parameters)} {Assert.Single(u.EncryptionFactor)}"));
            ParameterTensor mean = context.Global["mean"];
            return Task.FromResult(new ModelParameters { ["mean"] = ParameterTensor.FromMemory<double>(new[] { 42.0 }, [1], mean.Kind) });
        }
    }
}
