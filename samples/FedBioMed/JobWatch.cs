using System.Diagnostics;
using FedJob;
using FedJob.Metrics;
using FedJob.Rounds;

namespace FedBioMed;

/// <summary>Runs a job's rounds while it shows their events, metrics and the warnings of their nodes.</summary>
internal sealed class JobWatch : IAsyncDisposable
{
    private static readonly string[] Warnings = ["WARNING", "ERROR", "CRITICAL"];

    private readonly MetricBoard _metrics = new();
    private readonly Job _job;
    private readonly IProgressView _view;
    private readonly Subscription<RoundEvent> _events;
    private readonly Subscription<NodeMetric> _reports;
    private readonly Subscription<NodeLog> _logs;
    private readonly Task _watching;
    private int _round;

    public JobWatch(Job job, IProgressView view)
    {
        (_job, _view) = (job, view);
        (_events, _reports, _logs) = (job.SubscribeToEvents(), job.SubscribeToMetrics(), job.Requests.SubscribeToLogs());
        _watching = Task.WhenAll(PumpAsync(_events, view.Happened), PumpAsync(_reports, Report), PumpAsync(_logs, Log));
    }

    /// <summary>Runs a round and shows what it came to, also when it fails.</summary>
    public async Task RunRoundAsync(RoundRequest request, CancellationToken cancellationToken)
    {
        _round = _job.Round;
        long began = Stopwatch.GetTimestamp();
        string outcome;
        IReadOnlyList<NodeVerdict> verdicts = [];
        try
        {
            RoundResult result = await _job.RunRoundAsync(request, cancellationToken);
            (outcome, verdicts) = (result.Outcome.ToString(), result.Verdicts);
        }
        catch (RoundFailedException failed)
        {
            _view.RoundEnded(new RoundReport(_round, request.Training, "Failed", failed.Verdicts, _metrics.Take(), Stopwatch.GetElapsedTime(began)));
            throw;
        }

        TimeSpan time = Stopwatch.GetElapsedTime(began);
        await _metrics.SettleAsync([.. verdicts.Where(v => v.Kind == VerdictKind.Succeeded).Select(v => v.NodeId)], cancellationToken);
        _view.RoundEnded(new RoundReport(_round, request.Training, outcome, verdicts, _metrics.Take(), time));
    }

    public async ValueTask DisposeAsync()
    {
        _events.Dispose();
        _reports.Dispose();
        _logs.Dispose();
        await _watching;
    }

    private void Report(NodeMetric metric)
    {
        _metrics.Add(metric.Message);
        _view.Reported(metric, metric.Round ?? _round);
    }

    /// <summary>Nodes do not say which job a line belongs to, so the lines of this job's nodes are shown.</summary>
    private void Log(NodeLog log)
    {
        if (Warnings.Contains(log.Message.Level, StringComparer.OrdinalIgnoreCase) && _job.Nodes.Contains(log.NodeId, StringComparer.Ordinal))
        {
            _view.Log($"node {log.NodeId} logs {log.Message.Level}: {log.Message.Text}");
        }
    }

    private static async Task PumpAsync<T>(Subscription<T> stream, Action<T> show)
    {
        await foreach (T item in stream.ReadAllAsync(CancellationToken.None))
        {
            show(item);
        }
    }
}
