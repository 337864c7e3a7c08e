using System.Collections.Concurrent;
using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using FedJob.Tests.Messaging;
using FedJob.Tests.Node;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Moq;

namespace FedJob.Tests.Rounds;

/// <summary>A round's surroundings without any network: nodes node_1 to node_n, global parameters {w: float[2]}, replies and downloads of the test's making.</summary>
internal sealed class RoundBench : IDisposable, IReplyWindow
{
    public const string Job = "job_1";
    public const string Researcher = "researcher_me";
    private readonly TemporaryFolder _folder = new();
    private int _ids;
    private int _pings;
    private readonly Channel<NodeReply> _replies = Channel.CreateUnbounded<NodeReply>();
    private readonly ConcurrentDictionary<string, Func<DownloadRequest, CancellationToken, Task<DownloadedFile>>> _files = new(StringComparer.Ordinal);

    public RoundBench(int nodes = 2)
    {
        Nodes = [.. Enumerable.Range(1, nodes).Select(i => $"node_{i}")];
        RoundDirectory = _folder.At("round");
        Directory.CreateDirectory(RoundDirectory);
        Context = new RoundContext
        {
            JobId = Job,
            Round = 3,
            Data = new FederatedDataset(Nodes.Select(n => KeyValuePair.Create(n, Dataset()))),
            Parameters = new GlobalParameters(_folder.At("global.mpk"), new Uri("http://repository.test/files/global"), Digest()),
            StateIds = new Dictionary<string, string>(StringComparer.Ordinal),
            TrainingArgs = new TrainingArgs { Epochs = 1 },
            ModelArgs = [],
            TrainingPlanUrl = new Uri("http://repository.test/files/plan"),
            TrainingPlanDigest = new FileDigest(DigestAlgorithm.Sha256, new string('a', 64)),
            TrainingPlanClass = "Plan",
            Seed = 5,
            JobDirectory = _folder.Path,
            Directory = RoundDirectory,
        };
        Repository.Setup(r => r.DownloadAsync(It.IsAny<DownloadRequest>(), It.IsAny<CancellationToken>()))
            .Returns((DownloadRequest request, CancellationToken stop) => _files[request.Url.AbsoluteUri](request, stop));
        Requests.SetupGet(r => r.ConnectionState).Returns(ConnectionState.Open);
        Requests.SetupGet(r => r.ResearcherId).Returns(Researcher);
        Requests.Setup(r => r.SubscribeToPresence()).Returns(() => Presence.Subscribe(_ => true));
        Requests.Setup(r => r.IsFedJobNode(It.IsAny<string>())).Returns((string node) => FedJobNodes.ContainsKey(node));
        Requests.Setup(r => r.NewRequestId()).Returns(() => $"{Researcher}.again{Interlocked.Increment(ref _ids)}");
        Requests.Setup(r => r.PingAsync(It.IsAny<IReadOnlyCollection<string>>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync((IReadOnlyCollection<string>? asked, CancellationToken _) =>
            {
                NodePong[] pongs = [.. (asked ?? Nodes).Where(n => !Dead.ContainsKey(n)).Select(n => new NodePong(n, IsFedJobNode: false, TimeSpan.Zero))];
                Interlocked.Increment(ref _pings);
                return pongs;
            });
    }

    public IReadOnlyList<string> Nodes { get; }

    public string RoundDirectory { get; }

    public RoundContext Context { get; set; }

    public ObservedTime Time { get; } = new();

    public ModelParameters Global { get; init; } = Weights(1, 1);

    public Mock<IRepository> Repository { get; } = new();

    public Mock<IRequests> Requests { get; } = new();

    /// <summary>Nodes that answer no ping.</summary>
    public ConcurrentDictionary<string, byte> Dead { get; } = new(StringComparer.Ordinal);

    public FakeLogger Logger { get; } = new();

    public bool IsOnly { get; set; } = true;

    public FakeJournal Journal { get; } = new();

    /// <summary>The nodes asked at first; null for all.</summary>
    public IReadOnlyList<string>? Participants { get; set; }

    /// <summary>The nodes on whose topic nobody listened.</summary>
    public IReadOnlyList<string> Unheard { get; set; } = [];

    public Broadcast<NodePresence> Presence { get; } = new();

    /// <summary>The nodes that are FedJob's.</summary>
    public ConcurrentDictionary<string, byte> FedJobNodes { get; } = new(StringComparer.Ordinal);

    /// <summary>The requests that were sent again, or late: node and request id.</summary>
    public Channel<TrainTicket> Sent { get; } = Channel.CreateUnbounded<TrainTicket>();

    public Func<TrainTicket, PublishOutcome> Publish { get; set; } = _ => PublishOutcome.Accepted;

    public ReplyCollector? Collector { get; private set; }

    public Channel<(RoundEventKind Kind, string? Node)> Events { get; } = Channel.CreateUnbounded<(RoundEventKind, string?)>();

    public ChannelReader<NodeReply> Replies => _replies.Reader;

    /// <summary>How many pings were answered, or not.</summary>
    public int Pings => Volatile.Read(ref _pings);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static ModelParameters Weights(params float[] values) => new() { ["w"] = ParameterTensor.FromArray(values) };

    public static TrainTicket Ticket(string node) => new(node, $"{Researcher}.{node}", Job, 3);

    public static ErrorReply Error(string node, string number, string text = "text") =>
        new() { ResearcherId = Researcher, NodeId = node, ErrorNumber = number, ExtraText = text };

    public static TrainReply Trained(string node) => new()
    {
        ResearcherId = Researcher,
        NodeId = node,
        JobId = Job,
        StateId = $"state_of_{node}",
        Success = true,
        DatasetId = "dataset_1",
        ParametersUrl = UrlOf(node),
        SampleCount = 10,
        Timing = new TrainTiming(TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(1)),
        Text = string.Empty,
    };

    public static TrainReply Failed(string node, string text) => Trained(node) with
    {
        Success = false,
        DatasetId = string.Empty,
        ParametersUrl = string.Empty,
        SampleCount = null,
        Timing = null,
        Text = text,
    };

    public static string UrlOf(string node) => $"http://repository.test/files/{node}";

    public ReplyProcessor Processor(bool training = true) => new(Context, new RoundRequest { Training = training }, Global, Repository.Object, Researcher, new RoundPolicy(), Logger, Time);

    /// <summary>Collects with a policy; the caller says what the nodes say.</summary>
    public async Task<IReadOnlyList<CollectedReply>> CollectAsync(RoundPolicy? policy = null, bool training = true, CancellationToken? token = null)
    {
        policy ??= new RoundPolicy();
        void Announce(RoundEventKind kind, string? node = null, NodeVerdict? verdict = null, long? bytes = null) => Events.Writer.TryWrite((kind, node));
        string[] participants = [.. Participants ?? Nodes];
        var board = new VerdictBoard(participants, participants.Length, policy.MinimumReplies.Of(participants.Length), NullLogger.Instance, Announce);
        var liveness = new LivenessWatch(Requests.Object, policy, Time, NullLogger.Instance);
        var request = new RoundRequest { Training = training };
        var orders = new TrainOrders(Requests.Object, new JobUploads(Repository.Object), Context, request, policy.Deadline);
        var dispatcher = new RequestDispatcher(this, Requests.Object, Journal, Announce, NullLogger.Instance);
        dispatcher.Compose(await Task.WhenAll(participants.Select(n => OrderAsync(orders, n))), board);
        var intent = new RoundIntent { Goal = participants.Length, Participants = participants, Fingerprint = string.Empty };
        await using EarlySum earlySum = EarlySum.Of(Context, request, policy, intent, Global, NullLogger.Instance);
        using var collector = new ReplyCollector(
            board,
            policy,
            new ReplyIntake(Processor(training), Journal, Announce, Time),
            dispatcher,
            liveness,
            new Substitutes(Context, participants, orders),
            Journal,
            earlySum,
            Time,
            Announce);
        Collector = collector;
        return await collector.CollectAsync(this, Journal.Open, Unheard, Time.GetTimestamp(), token ?? Token);
    }

    public void Say(NodeMessage message, bool suspicion = false) => Say(Ticket(message.NodeId), message, suspicion);

    /// <summary>A node answers this one of its requests.</summary>
    public void Say(TrainTicket ticket, NodeMessage message, bool suspicion = false, DeliveryReceipt? receipt = null) => Assert.True(_replies.Writer.TryWrite(
        new NodeReply(ticket, message, Time.GetTimestamp(), ParametersDigest: null) { IsSuspicion = suspicion, Receipt = receipt }));

    /// <summary>A node says that it is there, or the broker that it is not.</summary>
    public void Announce(string node, bool online) => Presence.Publish(new NodePresence(node, online));

    /// <summary>Our own link is open again.</summary>
    public void RestoreLink() => Requests.Raise(
        r => r.ConnectionStateChanged += null!, this, new ConnectionStateChangedEventArgs(ConnectionState.Reconnecting, ConnectionState.Open));

    /// <summary>Waits until a request was sent again, or late.</summary>
    public async Task<TrainTicket> AskedAsync() => await Sent.Reader.ReadAsync(Token);

    public void LoseConnection(Exception reason) => _replies.Writer.TryComplete(reason);

    /// <summary>The node's parameter file can be downloaded.</summary>
    public void Serve(string node, ModelParameters? parameters = null, string? fileNode = null, string? job = null) =>
        Serve(node, async (request, stop) =>
        {
            using var file = new NodeParametersFile
            {
                ResearcherId = $"{Researcher}.{node}",
                JobId = job ?? Job,
                StateId = null,
                NodeId = fileNode ?? node,
                Parameters = parameters ?? Weights(2, 3),
            };
            WrittenFile written = await file.WriteAsync(request.DestinationPath, stop);
            return new DownloadedFile(written.Path, written.Length, written.Digest);
        });

    public void Serve(string node, Func<DownloadRequest, CancellationToken, Task<DownloadedFile>> download) => _files[UrlOf(node)] = download;

    public Func<DownloadRequest, CancellationToken, Task<DownloadedFile>> ServedTo(string node) => _files[UrlOf(node)];

    /// <summary>A download that begins and does not end by itself; completes when it has begun.</summary>
    public Task ServeForever(string node)
    {
        var begun = new TaskCompletionSource();
        Serve(node, async (_, stop) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, stop);
            throw new InvalidOperationException();
        });
        return begun.Task;
    }

    /// <summary>Waits until this was announced.</summary>
    public async Task AnnouncedAsync(RoundEventKind kind, string? node)
    {
        await foreach ((RoundEventKind Kind, string? Node) seen in Events.Reader.ReadAllAsync(Token))
        {
            if (seen == (kind, node))
            {
                return;
            }
        }
    }

    public OutboundMessage? Compose(
        TrainTicket ticket, TrainRequest request, IReadOnlyDictionary<string, string> properties, out string? refusal)
    {
        refusal = null;
        return new OutboundMessage { Topic = Topics.Node(ticket.NodeId), Payload = MessageWriter.Write(request) };
    }

    public Task<PublishOutcome> SendAsync(TrainTicket ticket, OutboundMessage message, CancellationToken cancellationToken)
    {
        PublishOutcome outcome = Publish(ticket);
        Sent.Writer.TryWrite(ticket);
        return Task.FromResult(outcome);
    }

    public void Add(TrainTicket ticket)
    {
    }

    public bool IsOnlyRequest(TrainTicket ticket) => IsOnly;

    public void Dispose() => _folder.Dispose();

    private static async Task<TrainOrder> OrderAsync(TrainOrders orders, string node) => (await orders.BuildAsync(node, Token)).With(Ticket(node).RequestId);

    private static DatasetEntry Dataset() => new() { DatasetId = "dataset_1", Name = "n", DataType = "csv", Tags = ["a"], Description = "d" };

    private static FileDigest Digest() => new(DigestAlgorithm.XxHash128, new string('0', 32));
}
