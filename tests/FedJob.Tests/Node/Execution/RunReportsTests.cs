using FedJob.Abstractions;
using FedJob.Node.Datasets;
using FedJob.Node.Execution;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FedJob.Tests.Node.Execution;

public sealed class RunReportsTests : IAsyncDisposable
{
    private readonly FakeLink _link = new(new MqttLinkSettings { ClientId = "c", Subscriptions = [] });
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    [Fact]
    public async Task Report_BrokerSlowerThanThePlan_LeavesSomeOutButNeverTheLast()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _link.BeforePublish = (_, _) => released.Task;
        RunReports reports = Make();

        for (int iteration = 1; iteration <= 5000; iteration++)
        {
            reports.Report(Metric(iteration));
        }

        released.SetResult();
        await reports.DisposeAsync();

        int[] iterations = [.. Metrics().Select(m => m.Iteration)];
        Assert.Equal(5000, iterations[^1]);
        Assert.Equal(iterations.Order(), iterations);
        Assert.InRange(iterations.Length, 1024, 1026);
    }

    [Fact]
    public async Task EvaluatedAsync_AfterMetricsThatFoundNoRoom_ComesAfterTheLastOfThem()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _link.BeforePublish = (_, _) => released.Task;
        RunReports reports = Make();
        for (int iteration = 1; iteration <= 3000; iteration++)
        {
            reports.Report(Metric(iteration));
        }

        Task evaluated =
            reports.EvaluatedAsync(new Dictionary<string, double> { ["ACCURACY"] = 0.5 }, 10, ofLocalUpdates: true, Token).AsTask();
        Assert.False(evaluated.IsCompleted);
        released.SetResult();
        await evaluated;
        await reports.DisposeAsync();

        MetricMessage[] metrics = Metrics();
        Assert.True(metrics[^1].TestOnLocalUpdates);
        Assert.Equal(3000, metrics[^2].Iteration);
    }

    [Fact]
    public async Task DisposeAsync_BrokerThatNeverAnswers_GivesUpAfterTenSeconds()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _link.BeforePublish = (_, token) =>
        {
            entered.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, token);
        };
        RunReports reports = Make();
        reports.Report(Metric(1));
        reports.Report(Metric(2));
        await entered.Task;

        Task disposal = reports.DisposeAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(disposal.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        await disposal.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Empty(_link.History);
    }

    [Fact]
    public async Task Report_BrokerThatRefusesOnce_PublishesTheRest()
    {
        int count = 0;
        _link.BeforePublish = (_, _) => ++count == 1
            ? throw new MessagingException(FedJobErrorCode.PublishNotAcknowledged, "not now")
            : Task.CompletedTask;
        RunReports reports = Make();

        reports.Report(Metric(1));
        reports.Report(Metric(2));
        await reports.DisposeAsync();

        Assert.Equal(2, Assert.Single(Metrics()).Iteration);
    }

    [Fact]
    public async Task Report_AfterTheRun_IsIgnored()
    {
        RunReports reports = Make();
        await reports.DisposeAsync();

        reports.Report(Metric(1));
        reports.PlanLogger.LogWarning("late");

        Assert.Empty(_link.History);
    }

    [Fact]
    public async Task PlanLogger_LinesOfAPlan_KeepLevelAndExceptionAsText()
    {
        RunReports reports = Make();

        reports.PlanLogger.LogDebug("not told");
        reports.PlanLogger.LogError(new InvalidOperationException("bad"), "it {What}", "broke");
        await reports.DisposeAsync();

        var line = (LogMessage)FakeLink.Read(Assert.Single(_link.History));
        Assert.Equal(("ERROR", "it broke (InvalidOperationException: bad)"), (line.Level, line.Text));
    }

    private static MetricReport Metric(int iteration) => new()
    {
        Metrics = new Dictionary<string, double> { ["Loss"] = 1 },
        Epoch = 1,
        Iteration = iteration,
        TotalSamples = 10_000,
        BatchSamples = 1,
        BatchCount = 10_000,
        SamplesTrained = iteration,
    };

    private MetricMessage[] Metrics() => [.. _link.History.Select(FakeLink.Read).OfType<MetricMessage>()];

    private RunReports Make()
    {
        var task = new TrainTask
        {
            Request = new TrainRequest
            {
                ResearcherId = "researcher_1",
                JobId = "job_1",
                ParametersUrl = "",
                TrainingArgs = new TrainingArgs(),
                DatasetId = "d",
                Training = true,
                ModelArgs = [],
                TrainingPlanUrl = "",
                TrainingPlanClass = "P",
                Round = 0,
                AggregatorArgs = [],
            },
            Dataset = new RegisteredDataset
            {
                Id = "d",
                Dataset = new NodeDataset { Data = new FileDataset("f", "path", 1), Tags = ["x"] },
            },
        };
        return new RunReports(new ReplyPublisher(_link, "node_1", _time, NullLogger.Instance), task, _time, NullLogger.Instance);
    }
}
