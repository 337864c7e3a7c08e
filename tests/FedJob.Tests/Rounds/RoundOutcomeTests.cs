using System.Reflection;
using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using FedJob.Tests.Jobs;

namespace FedJob.Tests.Rounds;

/// <summary>What a round leaves behind: for callers a verdict of every node, in memory and on disk nothing of the nodes' updates.</summary>
public sealed class RoundOutcomeTests : IDisposable
{
    private readonly JobBench _bench = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("seed", "12")]
    [Trait("seed", "9")]
    public async Task RunRoundAsync_EveryNodeFails_IsAFailureWithAllVerdictsWhateverTheQuorum(bool training)
    {
        _bench.Node = (ticket, _) => Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "no memory at " + ticket.NodeId));
        JobOptions options = _bench.Options(nodes: 3);
        options.RoundPolicy = options.RoundPolicy with { MinimumReplies = Quorum.Fraction(0.01) };
        await using Job job = await _bench.CreateAsync(options);

        RoundFailedException failed = await Assert.ThrowsAsync<RoundFailedException>(
            () => job.RunRoundAsync(new() { Training = training }, JobBench.Token));

        Assert.Equal(["node_1", "node_2", "node_3"], failed.Verdicts.Select(v => v.NodeId));
        Assert.All(failed.Verdicts, v => Assert.Equal((VerdictKind.TrainingFailed, "no memory at " + v.NodeId), (v.Kind, v.Reason)));
        Assert.Equal(FedJobErrorCode.RoundFailed, failed.Code);
        Assert.Empty(job.History);
        Assert.Equal(0, job.Round);
    }

    [Fact]
    [Trait("seed", "10")]
    public async Task RunRoundAsync_NodesFail_TheCallersListsAreUntouchedAndTheNodesStay()
    {
        _bench.Node = (ticket, request) => ticket.NodeId == "node_1"
            ? _bench.TrainedAsync(ticket, request, 10, 1, 1)
            : Task.FromResult<NodeMessage?>(JobBench.Failed(ticket, "no"));
        var data = JobBench.Data(3).Datasets.ToDictionary();
        var sampler = new ListSampler(["node_1", "node_2", "node_3"]);
        JobOptions options = _bench.Options();
        (options.Data, options.Sampler) = (new FederatedDataset(data), sampler);
        options.RoundPolicy = options.RoundPolicy with { MinimumReplies = Quorum.Count(1), Grace = TimeSpan.FromMinutes(1) };
        await using Job job = await _bench.CreateAsync(options);
        data.Clear();

        RoundResult first = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal(RoundOutcome.Degraded, first.Outcome);
        Assert.Equal(["node_1", "node_2", "node_3"], sampler.Nodes);
        Assert.Equal(["node_1", "node_2", "node_3"], job.Nodes);
        Assert.Equal(3, (await job.RunRoundAsync(new(), JobBench.Token)).Verdicts.Count);
        sampler.Nodes.Clear();
        Assert.Equal(3, first.Verdicts.Count);
    }

    [Fact]
    [Trait("seed", "23")]
    public async Task RunAsync_SeveralRounds_KeepsTheParametersFilesAndNothingOfTheNodes()
    {
        await using Job job = await _bench.CreateAsync();

        await foreach (RoundResult _ in job.RunAsync(3, cancellationToken: JobBench.Token))
        {
            Assert.Empty(Directory.GetDirectories(_bench.WorkDirectory));
            Assert.DoesNotContain(
                Directory.GetFiles(_bench.WorkDirectory), f => Path.GetFileName(f).Contains("node_", StringComparison.Ordinal));
        }

        Assert.Equal(3, job.History.Count);
    }

    [Theory]
    [InlineData(typeof(RoundResult))]
    [InlineData(typeof(NodeVerdict))]
    [InlineData(typeof(Job))]
    [Trait("seed", "23")]
    public void Fields_OfWhatOutlivesARound_HoldNoTensors(Type type)
    {
        Type[] heavy = [typeof(ModelParameters), typeof(ParameterTensor), typeof(TensorStorage), typeof(byte[]), typeof(NodeReply)];

        IEnumerable<Type> held = type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
            .SelectMany(f => f.FieldType.GetGenericArguments().Prepend(f.FieldType));

        Assert.DoesNotContain(held, h => heavy.Any(t => t.IsAssignableFrom(h)));
    }

    [Fact]
    public async Task RunRoundAsync_TwoJobsAtOnce_DoNotMeet()
    {
        await using Job one = await _bench.CreateAsync();
        await using Job two = await _bench.CreateAsync(_bench.Options(temporary: true));
        _bench.Node = (ticket, request) => _bench.TrainedAsync(ticket, request, 10, ticket.JobId == one.Id ? [1, 1] : [2, 2]);

        await Task.WhenAll(one.RunRoundAsync(new(), JobBench.Token), two.RunRoundAsync(new(), JobBench.Token));

        using ModelParameters first = one.OpenParameters();
        using ModelParameters second = two.OpenParameters();
        Assert.Equal((1f, 2f), (first["w"].AsSpan<float>()[0], second["w"].AsSpan<float>()[0]));
    }

    public void Dispose() => _bench.Dispose();

    private sealed class ListSampler(List<string> nodes) : INodeSampler
    {
        public List<string> Nodes { get; } = nodes;

        public IReadOnlyList<string> Sample(SamplingContext context) => Nodes;
    }
}
