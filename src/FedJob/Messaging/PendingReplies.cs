using System.Collections.Concurrent;
using System.Threading.Channels;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;

namespace FedJob.Messaging;

/// <summary>
/// Correlation: which train requests are outstanding, and which window a reply belongs to. A reply is matched by request id, node and job; only for a
/// request that had to go out without an id of its own (secure aggregation at a Python node) by node and job, and only where no other can be meant.
/// </summary>
internal sealed class PendingReplies(TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<string, PendingEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<PendingEntry>> _byNode = new(StringComparer.Ordinal);
    private readonly KeylessDebts _debts = new();
    private readonly Lock _byNodeLock = new();
    private volatile Exception? _failed;

    public void Add(TrainTicket ticket, ChannelWriter<NodeReply> replies)
    {
        var entry = new PendingEntry(ticket, replies);
        if (!_entries.TryAdd(ticket.RequestId, entry))
        {
            throw new InvalidOperationException($"Request id '{ticket.RequestId}' is outstanding already; every train request needs its own.");
        }

        lock (_byNodeLock)
        {
            if (!_byNode.TryGetValue(ticket.NodeId, out List<PendingEntry>? ofNode))
            {
                _byNode[ticket.NodeId] = ofNode = [];
            }

            ofNode.Add(entry);
        }

        if (_failed is { } reason)
        {
            replies.TryComplete(reason);
        }
    }

    public void Remove(TrainTicket ticket)
    {
        if (!_entries.TryRemove(ticket.RequestId, out PendingEntry? entry))
        {
            return;
        }

        lock (_byNodeLock)
        {
            entry.SignReceipts();
            List<PendingEntry> ofNode = _byNode[ticket.NodeId];
            ofNode.Remove(entry);
            if (ofNode.Count == 0)
            {
                _byNode.Remove(ticket.NodeId);
            }

            if (entry is { KeylessAnswerBy: { } answerBy, IsSettled: false })
            {
                _debts.Add(ticket.NodeId, ticket.JobId, answerBy);
            }
        }
    }

    /// <summary>
    /// Why a request must not go out without an id of its own: its node still owes the reply to an earlier one, which could not be told from its own.
    /// </summary>
    public string? DescribeOwedReply(TrainTicket ticket)
    {
        lock (_byNodeLock)
        {
            return _debts.IsRunning(ticket.NodeId, ticket.JobId, timeProvider.GetTimestamp())
                || KeylessOf(ticket.NodeId).Any(e => e.Ticket.JobId == ticket.JobId && !e.IsSettled)
                ? "not asked: the node still owes the reply to an earlier request with secure aggregation, and its reply to this one would look the same"
                : null;
        }
    }

    /// <summary>Notes that a request goes out without an id of its own.</summary>
    public void MarkKeyless(TrainTicket ticket)
    {
        lock (_byNodeLock)
        {
            _entries[ticket.RequestId].KeylessAnswerBy =
                timeProvider.GetTimestamp() + (long)(ticket.Deadline.TotalSeconds * timeProvider.TimestampFrequency);
        }
    }

    /// <summary>Whether a request without an id of its own is outstanding at a node.</summary>
    public bool HasKeyless(string nodeId)
    {
        lock (_byNodeLock)
        {
            return KeylessOf(nodeId).Any();
        }
    }

    /// <summary>The request without an id of its own that is outstanding at a node for a job, if no other reply of its kind is owed.</summary>
    public TrainTicket? FindKeyless(string nodeId, string jobId)
    {
        lock (_byNodeLock)
        {
            return _debts.Count(nodeId, jobId) == 0 ? KeylessOf(nodeId).FirstOrDefault(e => e.Ticket.JobId == jobId)?.Ticket : null;
        }
    }

    /// <summary>Hands a reply that carries no request's id to its window; tells why not, where it has none.</summary>
    public string? TryDeliverKeyless(NodeMessage message, long arrivalTimestamp, DeliveryReceipt? receipt = null)
    {
        PendingEntry? entry;
        int owed;
        lock (_byNodeLock)
        {
            string? jobId = (message as TrainReply)?.JobId;
            PendingEntry[] open = [.. KeylessOf(message.NodeId).Where(e => !e.IsSettled && (jobId is null || e.Ticket.JobId == jobId))];
            entry = open.Length == 1 ? open[0] : null;
            if (entry is null)
            {
                return jobId is not null && _debts.Settle(message.NodeId, jobId) ? "the round of its request has ended" : "no such request is outstanding";
            }

            owed = _debts.Count(message.NodeId, entry.Ticket.JobId);
        }

        if (owed > 0 && message is not TrainReply)
        {
            return "it could belong to more than one request";
        }

        NodeMessage taken = owed == 0 ? message : new UnreadableReply
        {
            ResearcherId = message.ResearcherId,
            NodeId = message.NodeId,
            Flaw = $"the reply could belong to any of {owed + 1} requests with secure aggregation that the node was sent for this job; it is used for none",
        };
        return Deliver(entry, taken, arrivalTimestamp, null, receipt);
    }

    /// <summary>The outstanding request with this id that was sent to this node.</summary>
    public TrainTicket? Find(string? requestId, string nodeId) =>
        requestId is not null && _entries.TryGetValue(requestId, out PendingEntry? entry) && entry.Ticket.NodeId == nodeId ? entry.Ticket : null;

    /// <summary>
    /// The one request this node has not answered; <see langword="null"/> when there is none or more than one. A request and its repetitions are one: the
    /// last of them.
    /// </summary>
    public TrainTicket? FindOnly(string nodeId) => OnlyUnanswered(nodeId)?.Ticket;

    /// <summary>Hands a reply to its window; tells why not, where it has none.</summary>
    public string? TryDeliver(string requestId, NodeMessage message, long arrivalTimestamp, FileDigest? digest, DeliveryReceipt? receipt = null)
    {
        if (!_entries.TryGetValue(requestId, out PendingEntry? entry))
        {
            return "no such request is outstanding";
        }

        if (entry.Ticket.NodeId != message.NodeId)
        {
            return $"the request was sent to node {entry.Ticket.NodeId}";
        }

        if (message is TrainReply train && train.JobId != entry.Ticket.JobId)
        {
            return $"the request belongs to job {entry.Ticket.JobId}";
        }

        return Deliver(entry, message, arrivalTimestamp, digest, receipt);
    }

    /// <summary>Hands an error that names nobody to the window of its node's only request, as a suspicion; tells why not, where that cannot be.</summary>
    public string? TryDeliverSuspicion(ErrorReply error, long arrivalTimestamp)
    {
        if (OnlyUnanswered(error.NodeId) is not { } entry)
        {
            return "it names no researcher, and the node has not exactly one request outstanding";
        }

        if (!entry.AcceptSuspicion())
        {
            return "the node's request is under suspicion already";
        }

        return entry.Replies.TryWrite(new NodeReply(entry.Ticket, error, arrivalTimestamp, null) { IsSuspicion = true }) ? null : "the round has ended";
    }

    /// <summary>Ends every window, also those opened later, with the reason the connection ended with.</summary>
    public void Fail(Exception reason)
    {
        _failed = reason;
        foreach (PendingEntry entry in _entries.Values)
        {
            entry.Replies.TryComplete(reason);
        }
    }

    private static string? Deliver(PendingEntry entry, NodeMessage message, long arrivalTimestamp, FileDigest? digest, DeliveryReceipt? receipt)
    {
        if (!entry.Accept(message))
        {
            return "the request was answered before";
        }

        // The round signs when the reply is safe; it must be taken before the round can see it.
        receipt?.IsTaken = true;
        entry.Receipt(receipt);
        if (entry.Replies.TryWrite(new NodeReply(entry.Ticket, message, arrivalTimestamp, digest) { Receipt = receipt }))
        {
            return null;
        }

        receipt?.Sign();
        return "the round has ended";
    }

    private IEnumerable<PendingEntry> KeylessOf(string nodeId) =>
        _byNode.TryGetValue(nodeId, out List<PendingEntry>? ofNode) ? ofNode.Where(e => e.KeylessAnswerBy is not null) : [];

    private PendingEntry? OnlyUnanswered(string nodeId)
    {
        lock (_byNodeLock)
        {
            PendingEntry[] unanswered = _byNode.TryGetValue(nodeId, out List<PendingEntry>? ofNode) ? [.. ofNode.Where(e => !e.IsAnswered)] : [];
            bool one = unanswered.Select(e => (e.Ticket.JobId, e.Ticket.Round)).Distinct().Count() == 1;
            return one ? unanswered[^1] : null;
        }
    }
}
