using System.Globalization;
using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using FedJob.Tests.Messaging;
using FedJob.Tests.Node;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace FedJob.Tests.Jobs;

/// <summary>A job over a repository in memory and nodes that are functions: what a node replies to a request, null for silence.</summary>
internal sealed class JobBench : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lock _lock = new();
    private readonly List<TrainRequest> _sent = [];
    private int _request;

    public JobBench()
    {
        Requests.SetupGet(r => r.ResearcherId).Returns("researcher_me");
        Requests.SetupGet(r => r.ConnectionState).Returns(ConnectionState.Open);
        Requests.Setup(r => r.NewRequestId()).Returns(() => "researcher_me." + Interlocked.Increment(ref _request).ToString(CultureInfo.InvariantCulture));
        Requests.Setup(r => r.OpenReplyWindow(It.IsAny<IReadOnlyList<TrainTicket>>())).Returns(() => new Window(this));
        Requests.Setup(r => r.SubscribeToMetrics(It.IsAny<string>())).Returns((string job) => Metrics.Subscribe(m => m.Message.JobId == job));
        Requests.Setup(r => r.SubscribeToPresence()).Returns(() => Presence.Subscribe(_ => true));
        Requests.Setup(r => r.IsFedJobNode(It.IsAny<string>())).Returns(true);
        Node = (ticket, request) => TrainedAsync(ticket, request, 10, 4, 6);
    }

    public Broadcast<NodePresence> Presence { get; } = new();

    /// <summary>What nodes report.</summary>
    public Broadcast<NodeMetric> Metrics { get; } = new();

    public ObservedTime Time { get; } = new();

    public FakeRepository Files { get; } = new();

    public Mock<IRequests> Requests { get; } = new();

    public string WorkDirectory => _folder.Path;

    /// <summary>What each node does with a request.</summary>
    public Func<TrainTicket, TrainRequest, Task<NodeMessage?>> Node { get; set; }

    public Func<TrainTicket, PublishOutcome> Publish { get; set; } = _ => PublishOutcome.Accepted;

    /// <summary>What a request waits for while it is sent.</summary>
    public Func<TrainTicket, CancellationToken, Task> Sending { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Why a node must not be asked; null for those that may.</summary>
    public Func<TrainTicket, string?> Refuse { get; set; } = _ => null;

    public IReadOnlyList<TrainRequest> Sent
    {
        get
        {
            lock (_lock)
            {
                return [.. _sent];
            }
        }
    }

    public ILoggerFactory Loggers { get; set; } = NullLoggerFactory.Instance;

    /// <summary>How many reply windows are open.</summary>
    public int OpenWindows { get; private set; }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public JobOptions Options(int nodes = 2, bool temporary = false) => new()
    {
        TrainingPlan = TrainingPlanSource.FromType<MeanPlan>(),
        Data = Data(nodes),
        TrainingArgs = new TrainingArgs { Epochs = 1 },
        Seed = 5,
        WorkDirectory = temporary ? null : WorkDirectory,
        RoundPolicy = new RoundPolicy { Deadline = TimeSpan.FromHours(1), PingInterval = TimeSpan.FromHours(2), ReturnGrace = TimeSpan.Zero },
    };

    public static FederatedDataset Data(int nodes) => new(Enumerable.Range(1, nodes).Select(i => KeyValuePair.Create(
        $"node_{i}", new DatasetEntry { DatasetId = "dataset_1", Name = "n", DataType = "csv", Tags = ["a"], Description = "d" })));

    public Task<Job> CreateAsync(JobOptions? options = null) =>
        Job.CreateAsync(Requests.Object, Files, options ?? Options(), Loggers, Time, Token);

    /// <summary>A good reply whose parameters lie in the repository.</summary>
    public Task<NodeMessage?> TrainedAsync(TrainTicket ticket, TrainRequest request, long samples, params float[] weights) =>
        TrainedAsync(ticket, request, samples, file => file with { Parameters = new() { ["w"] = ParameterTensor.FromArray(weights) } });

    /// <summary>A good reply whose file is of the test's making.</summary>
    public async Task<NodeMessage?> TrainedAsync(
        TrainTicket ticket, TrainRequest request, long samples, Func<NodeParametersFile, NodeParametersFile> content)
    {
        string path = _folder.At($"of_{ticket.NodeId}_{Guid.NewGuid():N}.tmp");
        using NodeParametersFile file = content(new NodeParametersFile
        {
            ResearcherId = ticket.RequestId,
            JobId = ticket.JobId,
            StateId = null,
            NodeId = ticket.NodeId,
            Parameters = [],
        });
        await file.WriteAsync(path, Token);
        Uri url = Files.Add(await File.ReadAllBytesAsync(path, Token));
        File.Delete(path);
        return new TrainReply
        {
            ResearcherId = ticket.RequestId,
            NodeId = ticket.NodeId,
            JobId = ticket.JobId,
            StateId = $"state_{request.Round}_{ticket.NodeId}",
            Success = true,
            DatasetId = request.DatasetId,
            ParametersUrl = url.AbsoluteUri,
            SampleCount = samples,
            Timing = new TrainTiming(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)),
            Text = string.Empty,
        };
    }

    public static NodeMessage Failed(TrainTicket ticket, string text) => new TrainReply
    {
        ResearcherId = ticket.RequestId,
        NodeId = ticket.NodeId,
        JobId = ticket.JobId,
        Success = false,
        DatasetId = string.Empty,
        ParametersUrl = string.Empty,
        Text = text,
    };

    /// <summary>The nodes stay silent; ends when the given number of requests has been sent.</summary>
    public Task SilenceAsync(int requests)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int count = 0;
        Node = (_, _) =>
        {
            if (Interlocked.Increment(ref count) == requests)
            {
                asked.TrySetResult();
            }

            return Task.FromResult<NodeMessage?>(null);
        };
        return asked.Task;
    }

    public void Dispose() => _folder.Dispose();

    private sealed class Window : IReplyWindow
    {
        private readonly JobBench _bench;
        private readonly Channel<NodeReply> _replies = Channel.CreateUnbounded<NodeReply>();
        private readonly Dictionary<TrainTicket, TrainRequest> _requests = [];

        public Window(JobBench bench)
        {
            _bench = bench;
            _bench.OpenWindows++;
        }

        public ChannelReader<NodeReply> Replies => _replies.Reader;

        public OutboundMessage? Compose(
            TrainTicket ticket, TrainRequest request, IReadOnlyDictionary<string, string> properties, out string? refusal)
        {
            refusal = _bench.Refuse(ticket);
            _requests[ticket] = request;
            return refusal is null ? new OutboundMessage { Topic = Topics.Node(ticket.NodeId), Payload = MessageWriter.Write(request) } : null;
        }

        public async Task<PublishOutcome> SendAsync(TrainTicket ticket, OutboundMessage message, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await _bench.Sending(ticket, cancellationToken);
            TrainRequest request = _requests[ticket];
            lock (_bench._lock)
            {
                _bench._sent.Add(request);
            }

            PublishOutcome outcome = _bench.Publish(ticket);
            if (outcome == PublishOutcome.Accepted && await _bench.Node(ticket, request) is { } reply)
            {
                _replies.Writer.TryWrite(new NodeReply(ticket, reply, _bench.Time.GetTimestamp(), null));
            }

            return outcome;
        }

        public void Add(TrainTicket ticket)
        {
        }

        public bool IsOnlyRequest(TrainTicket ticket) => true;

        public void Dispose() => _bench.OpenWindows--;
    }
}
