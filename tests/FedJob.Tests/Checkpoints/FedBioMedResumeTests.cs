using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.Tests.Captures;
using FedJob.Tests.Jobs;
using FedJob.Tests.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Tests.Checkpoints;

/// <summary>The job of a breakpoint goes on with FedJob.</summary>
[Trait("seed", "24")]
public sealed class FedBioMedResumeTests : IDisposable
{
    private readonly JobBench _bench = new();
    private readonly MadeBreakpoint _made = new("scaffold_native", "breakpoint_0001");

    public static TheoryData<string> Breakpoints => [.. CapturedBreakpoint.All];

    public void Dispose()
    {
        _bench.Dispose();
        _made.Dispose();
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Breakpoints))]
    public async Task ResumeAsync_EveryBreakpoint_NextRoundGoesOn(string json)
    {
        string directory = Path.GetDirectoryName(CaptureFolder.PathOf(json))!;
        FedBioMedBreakpoint read = FedBioMedBreakpoint.Read(directory);
        await using Job job = await ResumeAsync(directory);
        byte[] parameters = await File.ReadAllBytesAsync(read.ParametersFile!, JobBench.Token);
        AnswerWith(parameters);

        RoundResult result = await job.RunRoundAsync(new(), JobBench.Token);

        Assert.Equal((read.Round, read.Round + 1, RoundOutcome.Completed), (result.Round, job.Round, result.Outcome));
        Assert.Equal(read.Data.Nodes.Count, _bench.Sent.Count);
        foreach (TrainRequest request in _bench.Sent)
        {
            string node = read.Data.Datasets.Single(d => d.Value.DatasetId == request.DatasetId).Key;
            Assert.Equal((read.JobId, read.Round, read.TrainingPlanClass), (request.JobId, request.Round, request.TrainingPlanClass));
            Assert.Equal(read.StateIds.GetValueOrDefault(node), request.StateId);
            Assert.Equal(read.TrainingArgs, request.TrainingArgs);
            Assert.Equal(read.ModelArgs.ToJsonString(), request.ModelArgs.ToJsonString());
            Assert.Equal(await File.ReadAllBytesAsync(read.TrainingPlanFile!, JobBench.Token), _bench.Files.Get(request.TrainingPlanUrl));
            AssertSameParameters(parameters, _bench.Files.Get(request.ParametersUrl));
        }
    }

    [Fact]
    public async Task ResumeAsync_AsBranch_NodesBeginWithoutAState()
    {
        await using Job job = await ResumeAsync(_made.Directory, asBranch: true);
        AnswerWith(await File.ReadAllBytesAsync(FedBioMedBreakpoint.Read(_made.Directory).ParametersFile!, JobBench.Token));

        await job.RunRoundAsync(new(), JobBench.Token);

        Assert.NotEqual("job_88a369f3-6f43-440b-8e47-45d33e32dd1a", job.Id);
        Assert.All(_bench.Sent, r => Assert.Equal((job.Id, null, 2), (r.JobId, r.StateId, r.Round)));
    }

    [Fact]
    public async Task ResumeAsync_ExperimentDirectory_GoesOnFromTheNewest()
    {
        await using Job job = await ResumeAsync(_made.Experiment);

        Assert.Equal(2, job.Round);
        Assert.Empty(job.History);
        Assert.Contains("ResumeOptions.Aggregator", Assert.Single(FedBioMedBreakpoint.Read(_made.Experiment).Problems), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("input", "14")]
    public async Task ResumeAsync_PlanIsMissing_NothingIsSentOrLeft()
    {
        File.Delete(Path.Combine(_made.Directory, "model_0001.py"));

        CheckpointException refused = await Assert.ThrowsAsync<CheckpointException>(() => ResumeAsync(_made.Directory));

        Assert.Contains("model_0001.py", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_bench.Files.UploadNames);
        Assert.Empty(Directory.GetFileSystemEntries(_bench.WorkDirectory));
    }

    private static void AssertSameParameters(byte[] expected, byte[] sent)
    {
        using var files = new TemporaryFolder();
        File.WriteAllBytes(files.At("expected"), expected);
        File.WriteAllBytes(files.At("sent"), sent);
        using ModelParameters one = AggregatedParametersFile.Open(files.At("expected"));
        using ModelParameters other = AggregatedParametersFile.Open(files.At("sent"));
        Assert.Null(one.DescribeDifference(other));
        Assert.All(one, t => Assert.Equal(Bytes(t.Value), Bytes(other[t.Key])));
    }

    private static byte[] Bytes(ParameterTensor tensor) => tensor.GetBytes(0, (int)tensor.ByteCount).ToArray();

    /// <summary>Nodes that learn nothing: they send the parameters back.</summary>
    private void AnswerWith(byte[] parameters) => _bench.Node = async (ticket, request) =>
    {
        string path = Path.Combine(_made.ElseWhere("home"), Guid.NewGuid().ToString("N"));
        await File.WriteAllBytesAsync(path, parameters, JobBench.Token);
        using ModelParameters model = AggregatedParametersFile.Open(path);
        return await _bench.TrainedAsync(ticket, request, 10, file => file with { Parameters = new ModelParameters(model) });
    };

    private Task<Job> ResumeAsync(string directory, bool asBranch = false) => Job.ResumeAsync(
        _bench.Requests.Object,
        _bench.Files,
        directory,
        new ResumeOptions { WorkDirectory = _bench.WorkDirectory, AsBranch = asBranch, RoundPolicy = _bench.Options().RoundPolicy },
        NullLoggerFactory.Instance,
        _bench.Time,
        JobBench.Token);
}
