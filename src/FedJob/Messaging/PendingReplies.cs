using System.Collections.Concurrent;
using System.Threading.Channels;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;

namespace FedJob.Messaging;

/// <summary>Correlation: which train requests are outstanding, and which window a reply belongs to. A reply is matched by request id, node and job.</summary>
internal sealed class PendingReplies
{
    private const int ErrorsPerRequest = 2;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Entry>> _byNode = new(StringComparer.Ordinal);
    private readonly Lock _byNodeLock = new();
    private volatile Exception? _failed;

    public void Add(TrainTicket ticket, ChannelWriter<NodeReply> replies)
    {
        var entry = new Entry(ticket, replies);
        if (!_entries.TryAdd(ticket.RequestId, entry))
        {
            throw new InvalidOperationException($"Request id '{ticket.RequestId}' is outstanding already; every train request needs its own.");
        }

        lock (_byNodeLock)
        {
            if (!_byNode.TryGetValue(ticket.NodeId, out List<Entry>? ofNode))
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
        if (!_entries.TryRemove(ticket.RequestId, out Entry? entry))
        {
            return;
        }

        lock (_byNodeLock)
        {
            List<Entry> ofNode = _byNode[ticket.NodeId];
            ofNode.Remove(entry);
            if (ofNode.Count == 0)
            {
                _byNode.Remove(ticket.NodeId);
            }
        }
    }

    /// <summary>The outstanding request with this id that was sent to this node.</summary>
    public TrainTicket? Find(string? requestId, string nodeId) =>
        requestId is not null && _entries.TryGetValue(requestId, out Entry? entry) && entry.Ticket.NodeId == nodeId ? entry.Ticket : null;

    /// <summary>The one request this node has not answered; <see langword="null"/> when there is none or more than one.</summary>
    public TrainTicket? FindOnly(string nodeId) => OnlyUnanswered(nodeId)?.Ticket;

    /// <summary>Hands a reply to its window; tells why not, where it has none.</summary>
    public string? TryDeliver(string requestId, NodeMessage message, long arrivalTimestamp, FileDigest? digest)
    {
        if (!_entries.TryGetValue(requestId, out Entry? entry))
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

        if (!entry.Accept(message))
        {
            return "the request was answered before";
        }

        return entry.Replies.TryWrite(new NodeReply(entry.Ticket, message, arrivalTimestamp, digest)) ? null : "the round has ended";
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
        foreach (Entry entry in _entries.Values)
        {
            entry.Replies.TryComplete(reason);
        }
    }

    private Entry? OnlyUnanswered(string nodeId)
    {
        lock (_byNodeLock)
        {
            Entry[] unanswered = _byNode.TryGetValue(nodeId, out List<Entry>? ofNode) ? [.. ofNode.Where(e => !e.IsAnswered)] : [];
            return unanswered.Length == 1 ? unanswered[0] : null;
        }
    }

    private sealed class Entry(TrainTicket ticket, ChannelWriter<NodeReply> replies)
    {
        private int _trainReplies;
        private int _errors;
        private int _suspicions;

        public TrainTicket Ticket => ticket;

        public ChannelWriter<NodeReply> Replies => replies;

        public bool IsAnswered => Volatile.Read(ref _trainReplies) > 0;

        public bool Accept(NodeMessage message) => message is TrainReply
            ? Interlocked.Increment(ref _trainReplies) == 1
            : Interlocked.Increment(ref _errors) <= ErrorsPerRequest;

        public bool AcceptSuspicion() => Interlocked.Increment(ref _suspicions) == 1;
    }
}
