using System.Globalization;
using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>
/// What a run says while it goes on: metrics and log lines, in order, published beside the training, which never waits for the broker. When
/// the
/// broker is slower than the plan, training metrics are left out, but never the last one.
/// </summary>
internal sealed partial class RunReports : IProgress<MetricReport>, IAsyncDisposable
{
    private const int Capacity = 1024;
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);
    private readonly Channel<NodeMessage> _waiting =
        Channel.CreateBounded<NodeMessage>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly CancellationTokenSource _abandon = new();
    private readonly Lock _gate = new();
    private readonly ReplyPublisher _publisher;
    private readonly TrainTask _task;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Task _pump;
    private NodeMessage? _leftOut;
    private long _leftOutCount;
    private bool _publishFailed;

    /// <summary>Begins to publish.</summary>
    public RunReports(ReplyPublisher publisher, TrainTask task, TimeProvider timeProvider, ILogger logger)
    {
        (_publisher, _task, _timeProvider, _logger) = (publisher, task, timeProvider, logger);
        PlanLogger = new PlanLogger(Say);
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Where the plan logs; the researcher sees these lines.</summary>
    public ILogger PlanLogger { get; }

    /// <summary>Takes a metric of the running training; called by the plan, returns at once.</summary>
    /// <param name="value">The metric.</param>
    public void Report(MetricReport value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (Copy(value.Metrics) is not { Count: > 0 } metrics)
        {
            return;
        }

        MetricMessage message = Metric(metrics) with
        {
            Train = true,
            Epoch = value.Epoch,
            TotalSamples = value.TotalSamples,
            BatchSamples = value.BatchSamples,
            BatchCount = value.BatchCount,
            SamplesTrained = value.SamplesTrained,
            Iteration = value.Iteration,
        };
        lock (_gate)
        {
            bool taken = _waiting.Writer.TryWrite(message);
            _leftOut = taken ? null : message;
            _leftOutCount += taken ? 0 : 1;
        }
    }

    /// <summary>Says how an evaluation went.</summary>
    /// <param name="metrics">Its metrics.</param>
    /// <param name="sampleCount">On how many samples.</param>
    /// <param name="ofLocalUpdates">Whether the locally trained parameters were evaluated, not those that were sent.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    /// <returns>A task that ends when the metrics wait to be published.</returns>
    public async ValueTask EvaluatedAsync(
        IReadOnlyDictionary<string, double> metrics, long sampleCount, bool ofLocalUpdates, CancellationToken cancellationToken)
    {
        if (Copy(metrics) is not { Count: > 0 } copy)
        {
            return;
        }

        await FlushAsync(cancellationToken).ConfigureAwait(false);
        MetricMessage message = Metric(copy) with
        {
            Test = true,
            TestOnLocalUpdates = ofLocalUpdates,
            TestOnGlobalUpdates = !ofLocalUpdates,
            TotalSamples = sampleCount,
            BatchSamples = sampleCount,
            BatchCount = 1,
            Iteration = 1,
        };
        await _waiting.Writer.WriteAsync(message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says a line to the researcher; returns at once. A line for which there is no room is left out.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="text">The line.</param>
    public void Say(LogLevel level, string text)
    {
        var message = new LogMessage
        {
            ResearcherId = _task.Request.ResearcherId,
            NodeId = _publisher.NodeId,
            Level = NameOf(level),
            Text = WireText.Clean(text),
            Time = _timeProvider.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss,fff", CultureInfo.InvariantCulture),
            LoggerName = "fedjob",
        };
        lock (_gate)
        {
            _leftOutCount += _waiting.Writer.TryWrite(message) ? 0 : 1;
        }
    }

    /// <summary>Takes nothing more and waits until all is published, at most 10 s. May be called more than once.</summary>
    /// <returns>A task that ends when all is out, or given up.</returns>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        try
        {
            await _pump.WaitAsync(DrainTimeout, _timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _abandon.CancelAsync().ConfigureAwait(false);
            await _pump.ConfigureAwait(false);
        }

        if (_leftOutCount > 0)
        {
            LogLeftOut(_logger, _leftOutCount, _task.Request.JobId, _task.Request.Round);
        }

        _abandon.Dispose();
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "DEBUG",
        LogLevel.Warning => "WARNING",
        LogLevel.Error => "ERROR",
        LogLevel.Critical => "CRITICAL",
        _ => "INFO",
    };

    /// <summary>Copies metrics out of the plan's hands; what is no finite number cannot be told, and that is said.</summary>
    private Dictionary<string, double> Copy(IReadOnlyDictionary<string, double> metrics)
    {
        var copy = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach ((string name, double value) in metrics)
        {
            if (Math.Abs(value) <= MessageLimits.MaximumMetric)
            {
                copy[WireText.Clean(name)] = value;
            }
            else
            {
                Say(
                    LogLevel.Warning,
                    string.Create(CultureInfo.InvariantCulture, $"The metric '{name}' is {value}; it is left out."));
            }
        }

        return copy;
    }

    private MetricMessage Metric(Dictionary<string, double> metrics) => new()
    {
        ResearcherId = _task.Request.ResearcherId,
        NodeId = _publisher.NodeId,
        JobId = _task.Request.JobId,
        Train = false,
        Test = false,
        TestOnLocalUpdates = false,
        TestOnGlobalUpdates = false,
        Metrics = metrics,
        TotalSamples = 0,
        BatchSamples = 0,
        BatchCount = 0,
        Iteration = 0,
    };

    /// <summary>Gives a training metric that found no room its place before what follows it.</summary>
    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        NodeMessage? last;
        lock (_gate)
        {
            (last, _leftOut) = (_leftOut, null);
        }

        if (last is not null)
        {
            await _waiting.Writer.WriteAsync(last, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task PumpAsync()
    {
        await foreach (NodeMessage message in _waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await PublishAsync(message).ConfigureAwait(false);
        }

        NodeMessage? last;
        lock (_gate)
        {
            last = _leftOut;
        }

        if (last is not null)
        {
            await PublishAsync(last).ConfigureAwait(false);
        }
    }

    private async Task PublishAsync(NodeMessage message)
    {
        if (_abandon.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await _publisher.PublishAsync(message, _task.RequestId, _abandon.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The run is over and the broker does not answer: what is left is given up.
        }
        catch (FedJobException e)
        {
            if (!_publishFailed)
            {
                _publishFailed = true;
                LogNotPublished(_logger, _task.Request.JobId, _task.Request.Round, e.Message);
            }
        }
    }

    [LoggerMessage(1450, LogLevel.Warning,
        "A metric or log line of round {Round} of job {Job} could not be published; further ones are tried silently: {Reason}")]
    private static partial void LogNotPublished(ILogger logger, string job, int round, string reason);

    [LoggerMessage(1451, LogLevel.Information,
        "{Count} metrics or log lines of round {Round} of job {Job} were left out, as they came faster than they could be published")]
    private static partial void LogLeftOut(ILogger logger, long count, string job, int round);
}
