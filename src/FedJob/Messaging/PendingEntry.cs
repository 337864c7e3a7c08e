using System.Collections.Concurrent;
using System.Threading.Channels;
using FedJob.Protocol.Messages;

namespace FedJob.Messaging;

/// <summary>One outstanding train request, and what of its node was let through so far.</summary>
internal sealed class PendingEntry(TrainTicket ticket, ChannelWriter<NodeReply> replies)
{
    private const int ErrorsPerRequest = 2;
    private int _trainReplies;
    private int _errors;
    private int _suspicions;
    private readonly ConcurrentQueue<DeliveryReceipt> _receipts = new();
    private volatile bool _ended;

    public TrainTicket Ticket => ticket;

    public ChannelWriter<NodeReply> Replies => replies;

    /// <summary>Until when its reply may come, where it went out without an id of its own; <see langword="null"/> for every other request.</summary>
    public long? KeylessAnswerBy { get; set; }

    public bool IsAnswered => Volatile.Read(ref _trainReplies) > 0;

    /// <summary>Whether no further train reply can come.</summary>
    public bool IsSettled => IsAnswered || _ended;

    public bool Accept(NodeMessage message)
    {
        if (message is not ErrorReply error)
        {
            return Interlocked.Increment(ref _trainReplies) == 1;
        }

        _ended |= NodeErrors.EndsRequest(error);
        return Interlocked.Increment(ref _errors) <= ErrorsPerRequest;
    }

    /// <summary>Remembers what the broker still waits for, lest it wait for a round that has ended.</summary>
    public void Receipt(DeliveryReceipt? receipt)
    {
        if (receipt is not null)
        {
            _receipts.Enqueue(receipt);
        }
    }

    public void SignReceipts()
    {
        while (_receipts.TryDequeue(out DeliveryReceipt? receipt))
        {
            receipt.Sign();
        }
    }

    public bool AcceptSuspicion() => Interlocked.Increment(ref _suspicions) == 1;
}
