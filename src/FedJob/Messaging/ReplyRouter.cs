using System.Collections.Concurrent;
using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Metrics;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;

namespace FedJob.Messaging;

/// <summary>
/// Reads everything that arrives and hands it to who waits for it: answers to the running query, train replies and errors to their window,
/// metrics and logs to their streams. What belongs to nobody here is counted and logged once a sender, nothing else.
/// </summary>
internal sealed partial class ReplyRouter : IAsyncDisposable
{
    private const int RememberedSenders = 1024;
    private const int RememberedFedJobNodes = 65_536;
    private readonly IMqttLink _link;
    private readonly string _researcherId;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loops;
    private readonly Task _acknowledging;
    private readonly ConcurrentDictionary<NodeQuery, byte> _queries = new();
    private readonly ConcurrentDictionary<string, byte> _fedJobNodes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _complainedAbout = new(StringComparer.Ordinal);
    private readonly Acknowledger _acknowledger = new();
    private volatile Exception? _ended;
    private long _refused;

    public ReplyRouter(IMqttLink link, string researcherId, TimeProvider timeProvider, ILogger logger)
    {
        (_link, _researcherId, _timeProvider, _logger) = (link, researcherId, timeProvider, logger);
        Pending = new PendingReplies(timeProvider);
        ChannelReader<InboundMessage> replies = link.GetMessages(Topics.Researchers);
        ChannelReader<InboundMessage> metrics = link.GetMessages(Topics.Monitoring);
        ChannelReader<InboundMessage> logs = link.GetMessages(Topics.Logger);
        ChannelReader<InboundMessage> presence = link.GetMessages(Topics.AllPresence);
        _acknowledging = _acknowledger.RunAsync(_stop.Token);
        _loops = Task.WhenAll(
            ReadRepliesAsync(replies),
            PresenceReader.ReadAsync(presence, Presence, () => Interlocked.Increment(ref _refused), _stop.Token),
            ReadAsync(Topics.Monitoring, metrics, RouteMetric, _ => Metrics.Dispose()),
            ReadAsync(Topics.Logger, logs, RouteLog, _ => Logs.Dispose()));
    }

    public PendingReplies Pending { get; }

    public Broadcast<NodeMetric> Metrics { get; } = new();

    public Broadcast<NodeLog> Logs { get; } = new();

    public Broadcast<NodePresence> Presence { get; } = new();

    public long RefusedCount => Interlocked.Read(ref _refused);

    public bool IsFedJobNode(string nodeId) => _link.SupportsUserProperties && _fedJobNodes.ContainsKey(nodeId);

    public NodeQuery OpenQuery()
    {
        var query = new NodeQuery(_timeProvider, q => _queries.TryRemove(q, out _));
        _queries.TryAdd(query, 0);
        if (_ended is { } reason)
        {
            query.Fail(reason);
        }

        return query;
    }

    /// <summary>Ends the reading and every stream; whatever waits for a reply learns it. What a closed link still holds is handed out before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_link.State is not (ConnectionState.Closed or ConnectionState.Failed))
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }

        await _loops.ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _acknowledging.ConfigureAwait(false);
    }

    /// <summary>Reads one topic until the link is closed or the router disposed; then tells whoever waits.</summary>
    private async Task ReadRepliesAsync(ChannelReader<InboundMessage> messages)
    {
        await ReadAsync(Topics.Researchers, messages, RouteReply, FailWaiters).ConfigureAwait(false);
        _acknowledger.Complete();
    }

    private async Task ReadAsync(
        string topic, ChannelReader<InboundMessage> messages, Action<NodeMessage, DeliveryReceipt> route, Action<Exception> end)
    {
        Exception? failure = null;
        try
        {
            await foreach (InboundMessage inbound in messages.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                Read(topic, inbound, route);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed: the end is told below.
        }
        catch (Exception reason)
        {
            failure = reason;
        }

        end(failure as FedJobException ?? new MessagingException(
            FedJobErrorCode.ConnectionClosed,
            "The connection to the broker was closed while replies were awaited; connect a new client.",
            failure));
    }

    private void Read(string topic, InboundMessage inbound, Action<NodeMessage, DeliveryReceipt> route)
    {
        var receipt = new DeliveryReceipt(inbound);
        _acknowledger.Add(receipt);
        try
        {
            if (MessageReader.TryReadFromNode(inbound.Payload, out NodeMessage? message, out string? rejection))
            {
                route(message, receipt);
            }
            else if (!TryRouteUnreadable(inbound, rejection))
            {
                Refuse(topic, rejection);
            }
        }
        catch (Exception defect)
        {
            // One message must not make this researcher deaf for all nodes: it is refused like a malformed one.
            Refuse(topic, $"it could not be handled: {defect.GetType().Name}: {defect.Message}");
        }
        finally
        {
            if (!receipt.IsTaken)
            {
                receipt.Sign();
            }
        }
    }

    /// <summary>A malformed train reply that names a request of mine ends that request: nobody should wait for its deadline.</summary>
    private bool TryRouteUnreadable(InboundMessage inbound, string rejection)
    {
        if (MessageReader.FindSender(inbound.Payload) is not { Command: "train" } sender || !IsMine(sender.ResearcherId))
        {
            return false;
        }

        var reply = new UnreadableReply { ResearcherId = sender.ResearcherId, NodeId = sender.NodeId, Flaw = rejection };
        string? refusal = Pending.TryDeliver(RequestIdOf(inbound) ?? sender.ResearcherId, reply, inbound.ArrivalTimestamp, null);
        Refuse(sender.NodeId, refusal is null ? rejection : $"{rejection} ({refusal})");
        return true;
    }

    private static string? RequestIdOf(InboundMessage inbound) => inbound.UserProperties.GetValueOrDefault(WireProperties.RequestId);

    private void RouteReply(NodeMessage message, DeliveryReceipt receipt)
    {
        InboundMessage inbound = receipt.Message;
        string? requestId = RequestIdOf(inbound);
        if (message is ErrorReply error && IsNobody(error.ResearcherId) && requestId is null)
        {
            RefuseIf(message, TrySuspect(error, inbound.ArrivalTimestamp));
        }
        else if (!IsMine(message, requestId) && !IsNobody(message.ResearcherId))
        {
            // Another researcher's traffic on the shared topic is ordinary, not worth a warning.
            Interlocked.Increment(ref _refused);
        }
        else if (message is ErrorReply && requestId is null && message.ResearcherId == _researcherId && !Pending.HasKeyless(message.NodeId))
        {
            // Train requests carry ids of their own, so this is about a question to the node.
            OfferToQueries(message, inbound);
        }
        else if (message is TrainReply or ErrorReply)
        {
            FileDigest? digest = FileDigest.TryParse(inbound.UserProperties.GetValueOrDefault(WireProperties.ParametersDigest), out FileDigest? parsed)
                ? parsed
                : null;
            RefuseIf(message, requestId is null && message.ResearcherId == _researcherId
                ? Pending.TryDeliverKeyless(message, inbound.ArrivalTimestamp, receipt)
                : Pending.TryDeliver(requestId ?? message.ResearcherId, message, inbound.ArrivalTimestamp, digest, receipt));
        }
        else if (message.ResearcherId == _researcherId)
        {
            OfferToQueries(message, inbound);
        }
        else
        {
            Interlocked.Increment(ref _refused);
        }
    }

    /// <summary>An error that names nobody may be about a broken-down task of mine, or the farewell of a node that has one; others are not about a request.</summary>
    private string? TrySuspect(ErrorReply error, long arrivalTimestamp) =>
        NodeErrors.IsBreakdown(error) || NodeErrors.IsFarewell(error)
            ? Pending.TryDeliverSuspicion(error, arrivalTimestamp)
            : "it names no researcher";

    private void OfferToQueries(NodeMessage message, InboundMessage inbound)
    {
        bool fedJob = inbound.UserProperties.ContainsKey(WireProperties.FedJob);
        if (!fedJob && message is (PongReply or SearchReply))
        {
            _fedJobNodes.TryRemove(message.NodeId, out _);
        }
        else if (fedJob && !_fedJobNodes.ContainsKey(message.NodeId) && _fedJobNodes.Count < RememberedFedJobNodes)
        {
            // A node beyond the limit is treated by the rules of Python nodes, which work for it too.
            _fedJobNodes.TryAdd(message.NodeId, 0);
        }

        var answer = new QueryAnswer(message, fedJob, inbound.ArrivalTimestamp);
        foreach ((NodeQuery query, _) in _queries)
        {
            query.Offer(answer);
        }
    }

    private void RouteMetric(NodeMessage message, DeliveryReceipt receipt)
    {
        InboundMessage inbound = receipt.Message;
        if (message is not MetricMessage metric || !IsMine(message, RequestIdOf(inbound)))
        {
            Interlocked.Increment(ref _refused);
            return;
        }

        TrainTicket? ticket = Pending.Find(RequestIdOf(inbound) ?? message.ResearcherId, message.NodeId)
            ?? Pending.FindKeyless(message.NodeId, metric.JobId);
        Metrics.Publish(new NodeMetric(ticket?.JobId == metric.JobId ? ticket.Round : null, metric));
    }

    private void RouteLog(NodeMessage message, DeliveryReceipt receipt)
    {
        InboundMessage inbound = receipt.Message;
        if (message is not LogMessage log)
        {
            Interlocked.Increment(ref _refused);
            return;
        }

        Logs.Publish(new NodeLog(Pending.Find(RequestIdOf(inbound), message.NodeId)?.JobId, log));
    }

    /// <summary>Whether a message is for this researcher, or answers a request that is outstanding here although an earlier process, under another id, made it.</summary>
    private bool IsMine(NodeMessage message, string? requestId) =>
        IsMine(message.ResearcherId)
        || (Pending.Find(requestId ?? message.ResearcherId, message.NodeId) is { } ticket
            && (ticket.RequestId == message.ResearcherId || ticket.RequestId.StartsWith(message.ResearcherId + ".", StringComparison.Ordinal)));

    /// <summary>Whether a message names this researcher, or one of the researcher's requests.</summary>
    private bool IsMine(string researcherId) =>
        researcherId.StartsWith(_researcherId, StringComparison.Ordinal)
        && (researcherId.Length == _researcherId.Length || researcherId[_researcherId.Length] == '.');

    /// <summary>The researcher ids that a Python node's errors carry when the node does not know whom it answers.</summary>
    private static bool IsNobody(string researcherId) => researcherId is "NOT_SET" or "unknown_researcher_id" or "<unknown>";

    private void FailWaiters(Exception reason)
    {
        _ended = reason;
        Pending.Fail(reason);
        foreach ((NodeQuery query, _) in _queries)
        {
            query.Fail(reason);
        }
    }

    private void RefuseIf(NodeMessage message, string? refusal)
    {
        if (refusal is not null)
        {
            Refuse(message.NodeId, $"{message.Command} message: {refusal}");
        }
    }

    private void Refuse(string source, string reason)
    {
        Interlocked.Increment(ref _refused);
        if (_complainedAbout.Count < RememberedSenders && _complainedAbout.TryAdd(source, 0))
        {
            LogRefused(source, reason);
        }
    }

    [LoggerMessage(1250, LogLevel.Warning, "A message from {Source} was refused: {Reason}. Further ones from there are only counted.")]
    private partial void LogRefused(string source, string reason);
}
