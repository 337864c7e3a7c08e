using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Tests.Rounds;

/// <summary>The nodes of one round, and our way to them.</summary>
internal sealed class SimulatedNetwork : IRequests, IReplyWindow
{
    private readonly Channel<NodeReply> _replies = Channel.CreateUnbounded<NodeReply>();
    private readonly ConcurrentDictionary<string, byte> _dead = new(StringComparer.Ordinal);
    private readonly Broadcast<NodePresence> _presence = new();
    private readonly double _dropOut;
    private readonly (double Chance, int Way)[] _fates;
    private readonly TimeProvider _time;
    private readonly Channel<int> _changes = Channel.CreateBounded<int>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int _ids;
    private int _ticks;
    private int _replied;
    private int _judged;
    private bool _isWatched;

    public SimulatedNetwork(double dropOut, Random random, TimeProvider time)
    {
        (_dropOut, _time) = (dropOut, time);
        _fates = [.. Enumerable.Range(0, 200).Select(_ => (random.NextDouble(), random.Next(3)))];
    }

    public string ResearcherId => "researcher_me";

    public ConnectionState ConnectionState => ConnectionState.Open;

    public long RefusedCount => 0;

    public int OpenWindows { get; private set; }

    /// <summary>How many ping intervals the round has noted.</summary>
    public int Ticks => Volatile.Read(ref _ticks);

    public event EventHandler<ConnectionStateChangedEventArgs>? ConnectionStateChanged
    {
        add
        {
        }

        remove
        {
        }
    }

    /// <summary>Whether nothing happens any more before time passes: the round waits, has all replies, and not enough of them.</summary>
    public bool AwaitsTime(int goal) => Volatile.Read(ref _isWatched) && Volatile.Read(ref _judged) is int judged
        && judged >= Volatile.Read(ref _replied) && judged < goal;

    public ChannelReader<NodeReply> Replies => _replies.Reader;

    /// <summary>Waits until the round has noted something more or has ended.</summary>
    public async Task ChangedAsync(Task running)
    {
        await Task.WhenAny(running, _changes.Reader.WaitToReadAsync().AsTask());
        _changes.Reader.TryRead(out _);
    }

    public override string ToString() => $"watched {_isWatched}, {Ticks} intervals, {_replied} replies, {_judged} verdicts, {_dead.Count} nodes dropped out";

    public Task NoteAsync(string entry)
    {
        if (entry.StartsWith("verdict", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _judged);
        }

        if (entry == "time")
        {
            Interlocked.Increment(ref _ticks);
        }

        _changes.Writer.TryWrite(0);
        return Task.CompletedTask;
    }

    public OutboundMessage? Compose(TrainTicket ticket, TrainRequest request, IReadOnlyDictionary<string, string> properties, out string? refusal)
    {
        refusal = null;
        return new OutboundMessage { Topic = Topics.Node(ticket.NodeId), Payload = default };
    }

    public Task<PublishOutcome> SendAsync(TrainTicket ticket, OutboundMessage message, CancellationToken cancellationToken)
    {
        (double chance, int way) = _fates[int.Parse(ticket.NodeId.AsSpan(1), CultureInfo.InvariantCulture)];
        if (chance < _dropOut)
        {
            _dead[ticket.NodeId] = 0;
            if (way == 1)
            {
                _presence.Publish(new NodePresence(ticket.NodeId, IsOnline: false));
            }

            return Task.FromResult(way == 0 ? PublishOutcome.NoSubscribers : PublishOutcome.Accepted);
        }

        Interlocked.Increment(ref _replied);
        _replies.Writer.TryWrite(new NodeReply(ticket, Reply(ticket), _time.GetTimestamp(), ParametersDigest: null));
        return Task.FromResult(PublishOutcome.Accepted);
    }

    public void Add(TrainTicket ticket)
    {
    }

    public bool IsFedJobNode(string nodeId) => true;

    public string NewRequestId() => $"researcher_me.{Interlocked.Increment(ref _ids)}";

    public IReplyWindow OpenReplyWindow(IReadOnlyList<TrainTicket> tickets)
    {
        OpenWindows++;
        return this;
    }

    public Subscription<NodePresence> SubscribeToPresence()
    {
        // The watch has started its timer before.
        Volatile.Write(ref _isWatched, true);
        _changes.Writer.TryWrite(0);
        return _presence.Subscribe(_ => true);
    }

    public Task<IReadOnlyList<NodePong>> PingAsync(IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default)
    {
        NodePong[] pongs = [.. nodes!.Where(n => !_dead.ContainsKey(n)).Select(n => new NodePong(n, IsFedJobNode: true, TimeSpan.Zero))];
        return Task.FromResult<IReadOnlyList<NodePong>>(pongs);
    }

    public Task<FederatedDataset> SearchAsync(
        IReadOnlyList<string> tags, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>>> ListAsync(
        IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IReadOnlyDictionary<string, TrainingPlanApproval>> CheckTrainingPlanApprovalAsync(
        string jobId, Uri trainingPlanUrl, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IReadOnlyDictionary<string, ApprovalRequestAnswer>> RequestTrainingPlanApprovalAsync(
        Uri trainingPlanUrl, string description, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Subscription<NodeMetric> SubscribeToMetrics(string jobId) => throw new NotSupportedException();

    public Subscription<NodeLog> SubscribeToLogs(string? jobId = null) => throw new NotSupportedException();

    public bool IsOnlyRequest(TrainTicket ticket) => true;

    public void Dispose() => OpenWindows--;

    private static TrainReply Reply(TrainTicket ticket) => new()
    {
        ResearcherId = ticket.RequestId,
        NodeId = ticket.NodeId,
        JobId = ticket.JobId,
        Success = true,
        DatasetId = "dataset_1",
        ParametersUrl = string.Empty,
        Text = string.Empty,
    };
}
