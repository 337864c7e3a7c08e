using FedJob.Aggregation;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Tests.Jobs;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;
using Moq;

namespace FedJob.Tests.Rounds;

/// <summary>
/// A job of which every step outwards is seen: each call of the messenger, the repository, the sampler and the rule, each entry of its journal and each file
/// of a checkpoint. What runs beside it, waits, or listens is counted.
/// </summary>
internal sealed class SteppedJob : IDisposable
{
    public static readonly TimeSpan PingInterval = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly List<string> _steps = [];
    private readonly Loggers _loggers;
    private int _calls;
    private int _subscriptions;

    public SteppedJob()
    {
        _loggers = new Loggers(At);
        Bench.Requests.Setup(r => r.SubscribeToPresence()).Returns(() =>
        {
            At("subscribe to presence");
            return Subscription<NodePresence>();
        });
        Bench.Requests.Setup(r => r.SubscribeToMetrics(It.IsAny<string>())).Returns(Subscription<NodeMetric>);
        Bench.Requests.SetupAdd(r => r.ConnectionStateChanged += It.IsAny<EventHandler<ConnectionStateChangedEventArgs>>())
            .Callback(() => Interlocked.Increment(ref _subscriptions));
        Bench.Requests.SetupRemove(r => r.ConnectionStateChanged -= It.IsAny<EventHandler<ConnectionStateChangedEventArgs>>())
            .Callback(() => Interlocked.Decrement(ref _subscriptions));
        Bench.Requests.Setup(r => r.PingAsync(It.IsAny<IReadOnlyCollection<string>>(), It.IsAny<CancellationToken>()))
            .Returns(async (IReadOnlyCollection<string>? nodes, CancellationToken stop) =>
            {
                await CallAsync("ping", () => Task.CompletedTask, stop);
                return [.. (nodes ?? []).Select(n => new NodePong(n, IsFedJobNode: true, TimeSpan.Zero))];
            });
        Bench.Refuse = ticket =>
        {
            At($"compose for {ticket.NodeId}");
            return null;
        };
        Bench.Sending = (ticket, stop) => CallAsync($"send to {ticket.NodeId}", () => Task.CompletedTask, stop);
    }

    public JobBench Bench { get; } = new();

    /// <summary>Called at each step, with its name and how often it was there before.</summary>
    public Action<(string Name, int Before)> OnStep { get; set; } = _ => { };

    /// <summary>Whether every call from now on waits for its cancellation.</summary>
    public bool Hangs { get; set; }

    /// <summary>The steps so far.</summary>
    public IReadOnlyList<(string Name, int Before)> Steps
    {
        get
        {
            lock (_lock)
            {
                return [.. _steps.Select((name, i) => (name, _steps.Take(i).Count(n => n == name)))];
            }
        }
    }

    /// <summary>What is still there of a round that has ended; empty where nothing is.</summary>
    public string Left =>
        (_calls, Bench.OpenWindows, Bench.Time.Live) is (0, 0, 0) ? string.Empty : $"{_calls} calls, {Bench.OpenWindows} reply windows, {Bench.Time.Live} timers";

    /// <summary>Subscriptions and listeners: a job that runs has one, to metrics.</summary>
    public int Subscriptions => Volatile.Read(ref _subscriptions);

    public Task<Job> CreateAsync(CancellationToken cancellationToken)
    {
        JobOptions options = Bench.Options();
        options.TrainingPlan = new StoredPlanSource("a small plan"u8.ToArray(), ".zip", "Small.Plan");
        options.InitialParameters = new() { ["w"] = FedJob.Abstractions.ParameterTensor.FromArray([5f, 1f]) };
        options.Aggregator = new Rule(At);
        var sampler = new Mock<INodeSampler> { CallBase = true };
        sampler.Setup(s => s.Sample(It.IsAny<SamplingContext>())).Returns((SamplingContext context) =>
        {
            At("sample");
            return context.Data.Nodes;
        });
        options.Sampler = sampler.Object;
        options.RoundPolicy = options.RoundPolicy with { PingInterval = PingInterval };
        return Job.CreateAsync(Bench.Requests.Object, new Files(this), options, _loggers, Bench.Time, cancellationToken);
    }

    /// <summary>Opens the directory of a job that was disposed.</summary>
    public Task<Job> ReopenAsync() => Job.ResumeAsync(
        Bench.Requests.Object,
        new Files(this),
        Bench.WorkDirectory,
        new ResumeOptions { RoundPolicy = Bench.Options().RoundPolicy, Aggregator = new Rule(At) },
        _loggers,
        Bench.Time,
        JobBench.Token);

    public void Dispose() => Bench.Dispose();

    private void At(string step)
    {
        int before;
        lock (_lock)
        {
            before = _steps.Count(s => s == step);
            _steps.Add(step);
        }

        OnStep((step, before));
    }

    private async Task CallAsync(string step, Func<Task> call, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        try
        {
            At(step);
            if (Hangs)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            await call();
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }

    private Subscription<T> Subscription<T>()
    {
        Interlocked.Increment(ref _subscriptions);
        int ended = 0;
        return new Subscription<T>(_ => true, _ => Interlocked.Add(ref _subscriptions, Interlocked.Exchange(ref ended, 1) - 1));
    }

    private sealed class Rule(Action<string> at) : IAggregator
    {
        private readonly FedAvg _inner = new();

        public string Name => _inner.Name;

        public RoundPreparation PrepareRound(PreparationContext context)
        {
            at("prepare the round");
            return RoundPreparation.None;
        }

        public IRoundAggregation BeginRound(AggregationContext context)
        {
            at("begin to aggregate");
            return _inner.BeginRound(context);
        }
    }

    private sealed class Files(SteppedJob job) : IRepository
    {
        private readonly IRepository _inner = job.Bench.Files;

        public Uri Address => _inner.Address;

        public async Task<UploadedFile> UploadAsync(string path, string fileName, CancellationToken cancellationToken)
        {
            UploadedFile? file = null;
            await job.CallAsync("upload", async () => file = await _inner.UploadAsync(path, fileName, cancellationToken), cancellationToken);
            return file!;
        }

        public async Task<DownloadedFile> DownloadAsync(DownloadRequest request, CancellationToken cancellationToken)
        {
            DownloadedFile? file = null;
            await job.CallAsync("download", async () => file = await _inner.DownloadAsync(request, cancellationToken), cancellationToken);
            return file!;
        }
    }

    /// <summary>Journal and checkpoints log before and after each write.</summary>
    private sealed class Loggers(Action<string> at) : ILoggerFactory, ILogger
    {
        private static readonly Dictionary<int, string> Steps = new()
        {
            [1050] = "journal begins",
            [1051] = "journal has",
            [1060] = "checkpoint begins",
            [1061] = "checkpoint has",
            [1062] = "checkpoint is whole",
            [1063] = "checkpoint is named",
        };

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (Steps.TryGetValue(eventId.Id, out string? step))
            {
                object? what = (state as IReadOnlyList<KeyValuePair<string, object?>>)?[0].Value;
                at(eventId.Id < 1062 ? $"{step} {what}" : step);
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
