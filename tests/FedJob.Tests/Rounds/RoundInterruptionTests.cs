using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using FedJob.Tests.Jobs;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace FedJob.Tests.Rounds;

/// <summary>Rounds that are cancelled, or whose extensions throw, at each of their steps: nothing is left behind, and the round can go on.</summary>
public sealed class RoundInterruptionTests : IDisposable
{
    private readonly JobBench _bench = new();
    private Action<string> _at = _ => { };
    private bool _transfersHang;

    [Theory]
    [Trait("fault", "14")]
    [InlineData("sample")]
    [InlineData("send")]
    [InlineData("sent")]
    [InlineData("download")]
    [InlineData("downloaded")]
    [InlineData("begin")]
    [InlineData("upload")]
    public async Task RunRoundAsync_CancelledAtAStep_LeavesNothingAndTheRoundGoesOn(string step)
    {
        await using Job job = await CreateAsync();
        using var cancel = new CancellationTokenSource();
        _at = seen =>
        {
            if (seen == step)
            {
                cancel.Cancel();
            }
        };
        (Uri url, string path) = (job.ParametersUrl, job.ParametersPath);
        string[] files = Files();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => job.RunRoundAsync(Request(), cancel.Token).WaitAsync(TimeSpan.FromSeconds(20), JobBench.Token));

        Assert.Equal((0, url, path), (job.Round, job.ParametersUrl, job.ParametersPath));
        Assert.Equal(0, _bench.OpenWindows);
        Assert.Empty(job.AwaitedNodes);
        Assert.Equal(files, Files());
        _at = _ => { };
        RoundResult result = await job.RunRoundAsync(Request(), JobBench.Token);
        Assert.Equal((0, RoundOutcome.Completed, 1), (result.Round, result.Outcome, job.Round));
    }

    [Fact]
    [Trait("fault", "14")]
    public async Task RunRoundAsync_CancelledBefore_SendsNothing()
    {
        await using Job job = await CreateAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job.RunRoundAsync(Request(), new CancellationToken(canceled: true)));

        Assert.Empty(_bench.Sent);
        Assert.Equal(0, _bench.OpenWindows);
    }

    [Theory]
    [Trait("fault", "14")]
    [InlineData("send")]
    [InlineData("download")]
    [InlineData("upload")]
    public async Task DisposeAsync_WhileARoundRunsAndTwice_EndsItAndReturns(string step)
    {
        Job job = await CreateAsync();
        var disposing = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        _at = seen =>
        {
            if (seen == step)
            {
                _transfersHang = true;
                disposing.TrySetResult(job.DisposeAsync().AsTask());
            }
        };

        await Assert.ThrowsAsync<ObjectDisposedException>(() => job.RunRoundAsync(Request(), JobBench.Token));
        await (await disposing.Task).WaitAsync(TimeSpan.FromSeconds(20), JobBench.Token);
        await job.DisposeAsync();

        Assert.Equal(0, _bench.OpenWindows);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => job.RunRoundAsync(Request(), JobBench.Token));
    }

    [Theory]
    [Trait("fault", "15")]
    [InlineData("sample", 2)]
    [InlineData("begin", 0)]
    public async Task RunRoundAsync_ExtensionThrows_IsWrappedAndTheNextRunUsesTheRepliesThatAreHere(string step, int asked)
    {
        await using Job job = await CreateAsync();
        var thrown = new NotSupportedException("odd");
        _at = seen =>
        {
            if (seen == step)
            {
                throw thrown;
            }
        };
        string[] files = Files();

        FedJobException wrapped = await Assert.ThrowsAsync<FedJobException>(() => job.RunRoundAsync(Request(), JobBench.Token));

        Assert.Equal((FedJobErrorCode.ExtensionFailed, job.Id, 0), (wrapped.Code, wrapped.JobId, wrapped.Round));
        Assert.Same(thrown, wrapped.InnerException);
        Assert.Equal((0, 0), (job.Round, _bench.OpenWindows));
        int before = _bench.Sent.Count;
        _at = _ => { };
        RoundResult result = await job.RunRoundAsync(Request(), JobBench.Token);
        Assert.Equal((RoundOutcome.Completed, asked), (result.Outcome, _bench.Sent.Count - before));
        Assert.NotEqual(files, Files());
    }

    public void Dispose() => _bench.Dispose();

    private Task<Job> CreateAsync() =>
        Job.CreateAsync(_bench.Requests.Object, new WatchedRepository(_bench.Files, step => _at(step), () => _transfersHang), _bench.Options(), NullLoggerFactory.Instance, _bench.Time, JobBench.Token);

    private RoundRequest Request()
    {
        _bench.Publish = _ =>
        {
            _at("send");
            return PublishOutcome.Accepted;
        };
        _bench.Node = async (ticket, request) =>
        {
            NodeMessage? reply = await _bench.TrainedAsync(ticket, request, 10, 4, 6);
            _at("sent");
            return reply;
        };
        var sampler = new Mock<INodeSampler> { CallBase = true };
        sampler.Setup(s => s.Sample(It.IsAny<SamplingContext>())).Returns((SamplingContext context) =>
        {
            _at("sample");
            return context.Data.Nodes;
        });
        return new RoundRequest { Sampler = sampler.Object, Aggregator = new WatchedRule(step => _at(step)) };
    }

    /// <summary>The job's files but its journal and what belongs to the round that may go on.</summary>
    private string[] Files() =>
        [.. Directory.GetFiles(_bench.WorkDirectory).Select(f => Path.GetFileName(f)).Where(f => f.StartsWith("aggregated", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private sealed class WatchedRule(Action<string> at) : IAggregator
    {
        private readonly FedAvg _inner = new();

        public string Name => _inner.Name;

        public IRoundAggregation BeginRound(AggregationContext context)
        {
            at("begin");
            return _inner.BeginRound(context);
        }
    }

    private sealed class WatchedRepository(IRepository inner, Action<string> at, Func<bool> hangs) : IRepository
    {
        public Uri Address => inner.Address;

        public async Task<UploadedFile> UploadAsync(string path, string fileName, CancellationToken cancellationToken)
        {
            at("upload");
            await BeginAsync(cancellationToken);
            return await inner.UploadAsync(path, fileName, cancellationToken);
        }

        public async Task<DownloadedFile> DownloadAsync(DownloadRequest request, CancellationToken cancellationToken)
        {
            at("download");
            await BeginAsync(cancellationToken);
            DownloadedFile file = await inner.DownloadAsync(request, cancellationToken);
            at("downloaded");
            return file;
        }

        private Task BeginAsync(CancellationToken cancellationToken) =>
            hangs() || cancellationToken.IsCancellationRequested ? Task.Delay(Timeout.Infinite, cancellationToken) : Task.CompletedTask;
    }
}
