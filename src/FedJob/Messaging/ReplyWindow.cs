using System.Collections.Concurrent;
using System.Threading.Channels;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Messaging;

/// <summary>The reply window of one round over the link.</summary>
internal sealed class ReplyWindow : IReplyWindow
{
    private readonly IMqttLink _link;
    private readonly PendingReplies _pending;
    private readonly ConcurrentBag<TrainTicket> _tickets;
    private readonly Func<string, bool> _speaksFedJob;
    private readonly string _researcherId;
    private readonly Channel<NodeReply> _replies;

    /// <summary>The ids of the requests that go out without one.</summary>
    private readonly ConcurrentDictionary<string, byte> _keyless = new(StringComparer.Ordinal);

    public ReplyWindow(
        IMqttLink link, PendingReplies pending, IReadOnlyList<TrainTicket> tickets, string researcherId, Func<string, bool> speaksFedJob)
    {
        (_link, _pending, _tickets, _researcherId, _speaksFedJob) = (link, pending, [.. tickets], researcherId, speaksFedJob);

        // One train reply, two errors and a suspicion a request are let through: the queue is bounded by the requests, and no reply is ever dropped.
        _replies = Channel.CreateUnbounded<NodeReply>();
        int added = 0;
        try
        {
            for (; added < tickets.Count; added++)
            {
                pending.Add(tickets[added], _replies.Writer);
            }
        }
        catch
        {
            // Half a window is none.
            tickets.Take(added).ToList().ForEach(pending.Remove);
            throw;
        }
    }

    public ChannelReader<NodeReply> Replies => _replies.Reader;

    public void Add(TrainTicket ticket)
    {
        _pending.Add(ticket, _replies.Writer);
        _tickets.Add(ticket);
    }

    public OutboundMessage? Compose(
        TrainTicket ticket, TrainRequest request, IReadOnlyDictionary<string, string> properties, out string? refusal)
    {
        // A FedJob node echoes the request id; a Python node can only echo the researcher id, so that carries the request id there. With secure
        // aggregation it must be the id of the key's party, and no key is left.
        bool fedJob = _speaksFedJob(ticket.NodeId);
        bool keyless = !fedJob && request.SecaggServerKeyId is not null;
        byte[] payload = MessageWriter.Write(request with { ResearcherId = fedJob || keyless ? request.ResearcherId : ticket.RequestId });
        refusal = keyless ? _pending.DescribeOwedReply(ticket) : null;
        if (refusal is not null)
        {
            return null;
        }

        if (keyless)
        {
            _keyless.TryAdd(ticket.RequestId, 0);
        }

        var message = new OutboundMessage { Topic = Topics.Node(ticket.NodeId), Payload = payload };
        return !fedJob ? message : message with
        {
            UserProperties = new Dictionary<string, string>(properties, StringComparer.Ordinal) { [WireProperties.RequestId] = ticket.RequestId },
        };
    }

    public Task<PublishOutcome> SendAsync(TrainTicket ticket, OutboundMessage message, CancellationToken cancellationToken)
    {
        if (_keyless.ContainsKey(ticket.RequestId))
        {
            _pending.MarkKeyless(ticket);
        }

        return _link.PublishAsync(message, cancellationToken);
    }

    public bool IsOnlyRequest(TrainTicket ticket) => _pending.FindOnly(ticket.NodeId) == ticket;

    public void Dispose()
    {
        foreach (TrainTicket ticket in _tickets)
        {
            _pending.Remove(ticket);
        }

        _replies.Writer.TryComplete();
    }
}
