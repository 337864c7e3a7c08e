using System.Threading.Channels;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Messaging;

/// <summary>The time during which replies to a round's train requests are expected. Opened before anything is sent; after disposal a reply is stale.</summary>
public interface IReplyWindow : IDisposable
{
    /// <summary>What the nodes say, at most one train reply, two errors and one suspicion a request. Completes with an error when the connection is gone for good.</summary>
    ChannelReader<NodeReply> Replies { get; }

    /// <summary>Expects replies to a further request too, e.g. to one that repeats another.</summary>
    /// <param name="ticket">The request.</param>
    void Add(TrainTicket ticket);

    /// <summary>Writes the train request of a ticket as its node must get it. Nothing is sent, so that all requests of a round can be checked before the first is.</summary>
    /// <param name="ticket">One of the window's tickets.</param>
    /// <param name="request">The request; its researcher id is set by the window to what the node's replies are matched by.</param>
    /// <param name="properties">Further user properties for a FedJob node.</param>
    /// <param name="refusal">Why the node must not be asked now, although the request is sound.</param>
    /// <returns>The message for <see cref="SendAsync"/>; <see langword="null"/> where the node must not be asked now.</returns>
    /// <exception cref="MessageFormatException">The node would refuse the request.</exception>
    OutboundMessage? Compose(
        TrainTicket ticket, TrainRequest request, IReadOnlyDictionary<string, string> properties, out string? refusal);

    /// <summary>Sends what <see cref="Compose"/> wrote.</summary>
    /// <param name="ticket">The ticket it was written for.</param>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Ends the wait for the broker.</param>
    /// <returns>Whether anyone listens.</returns>
    /// <exception cref="MessagingException">The broker did not take the request.</exception>
    Task<PublishOutcome> SendAsync(TrainTicket ticket, OutboundMessage message, CancellationToken cancellationToken);

    /// <summary>Whether this is the only train request of this researcher that its node has not answered.</summary>
    /// <param name="ticket">One of the window's tickets.</param>
    /// <returns>Whether it is.</returns>
    bool IsOnlyRequest(TrainTicket ticket);
}
