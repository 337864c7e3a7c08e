using System.Text;
using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Metrics;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;

namespace FedJob.Tests.Checkpoints;

/// <summary>A checkpoint of version 1 as it was written once. Every later FedJob must read it to these values; it is never written anew.</summary>
public sealed class CheckpointGoldenTests : IDisposable
{
    private const string JobId = "job_3f227e27-8b58-4731-afc7-a077a89aa660";
    private readonly CheckpointBench _bench = new();

    private static string Directory => Path.Combine(AppContext.BaseDirectory, "Golden", "checkpoints", "v1", "three-rounds");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_Version1_HasItsState()
    {
        using StoredJob stored = await CheckpointReader.ReadAsync(Directory, Token);
        JobState state = stored.State;

        Assert.Equal((JobId, 3, 5), (state.JobId, state.Round, state.Seed));
        Assert.Equal(("a small plan", ".zip", "Small.Plan"), (Encoding.ASCII.GetString(state.TrainingPlan.Span), state.TrainingPlanExtension, state.TrainingPlanClass));
        Assert.Equal((2, 0.25), (state.TrainingArgs.Epochs, state.TrainingArgs.TestRatio));
        Assert.Equal("""{"depth":3,"name":"gr\u00F6\u00DFer","nothing":null}""", state.ModelArgs.ToJsonString());
        Assert.Equal(["node_1", "node_2", "node_3"], state.Data.Nodes);
        Assert.Equal(("dataset_1", "csv"), (state.Data.Datasets["node_2"].DatasetId, state.Data.Datasets["node_2"].DataType));
        Assert.Equal(["node_1:state_2_node_1", "node_2:state_2_node_2"], state.StateIds.Select(s => $"{s.Key}:{s.Value}"));
        Assert.Equal(("Counting", "RoundRobin"), (state.AggregatorName, state.SamplerName));
        Assert.True(state.AggregatorState.TryGetValue("rounds", out ParameterValue? rounds) && rounds.Equals(new ParameterInteger(3)));
        Assert.True(state.SamplerState.TryGetValue("next", out ParameterValue? next) && next.Equals(new ParameterInteger(3)));
    }

    [Fact]
    public async Task ReadAsync_Version1_HasItsHistoryAndMetrics()
    {
        using StoredJob stored = await CheckpointReader.ReadAsync(Directory, Token);
        IReadOnlyList<RoundResult> history = stored.State.History;

        Assert.Equal([0, 1, 2, 2], history.Select(r => r.Round));
        Assert.Equal([RoundOutcome.Completed, RoundOutcome.Completed, RoundOutcome.Completed, RoundOutcome.Degraded], history.Select(r => r.Outcome));
        Assert.Equal(["node_1", "node_2", "node_3"], history[3].Verdicts.Select(v => v.NodeId));
        Assert.Equal((VerdictKind.TrainingFailed, "the disk of \"node 3\" is full"), (history[3].Verdicts[2].Kind, history[3].Verdicts[2].Reason));
        Assert.Equal(("state_2_node_1", 10, 302), (history[3].Verdicts[0].StateId, history[3].Verdicts[0].SampleCount, history[3].Verdicts[0].DownloadedBytes));
        Assert.Equal("http://repository.test/files/10", history[3].ParametersUrl.AbsoluteUri);
        Assert.Equal([null, null, null, stored.State.AuxiliaryVariablesPath], history.Select(r => r.AuxiliaryVariablesPath));
        Assert.Equal([0, 1], stored.State.Metrics.Select(m => m.Round));
        NodeMetric metric = stored.State.Metrics[0];
        Assert.Equal((1.0 / 3, double.NaN, double.PositiveInfinity), (metric.Message.Metrics["Loss"], metric.Message.Metrics["A metric"], metric.Message.Metrics["other"]));
        Assert.Equal(("node_1", JobId, 1, 5L), (metric.NodeId, metric.Message.JobId, metric.Message.Epoch, metric.Message.SamplesTrained));
    }

    [Fact]
    public async Task ReadAsync_Version1_HasItsParametersVariablesAndReplyFiles()
    {
        using StoredJob stored = await CheckpointReader.ReadAsync(Directory, Token);

        using ModelParameters parameters = AggregatedParametersFile.Open(stored.State.ParametersPath);
        Assert.Equal([31.5f, 19.5f], parameters["w"].AsSpan<float>().ToArray());
        using ReceivedAuxiliaryVariables variables = ReceivedAuxiliaryVariables.Open(stored.State.AuxiliaryVariablesPath);
        Assert.Equal(["node_1", "node_2"], variables.Modules["scaffold"].Keys);
        using NodeParametersFile reply = NodeParametersFile.Open(stored.State.ReplyFiles["node_2"]);
        Assert.Equal(("node_2", JobId), (reply.NodeId, reply.JobId));
    }

    [Fact]
    public async Task ResumeAsync_Version1_GoesOnToTheNextRound()
    {
        await using Job job = await _bench.ResumeAsync(Directory);

        RoundResult round = await job.RunRoundAsync(new(), Token);

        Assert.Equal((JobId, 3, 4), (job.Id, round.Round, job.Round));
        Assert.Equal("node_1", Assert.Single(round.Verdicts).NodeId);
        Assert.Equal([36.5f, 24.5f], CheckpointBench.ParametersOf(job));
        Assert.Equal("state_2_node_1", _bench.Bench.Sent[^1].StateId);
    }

    public void Dispose() => _bench.Dispose();
}
