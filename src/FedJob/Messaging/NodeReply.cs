using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;

namespace FedJob.Messaging;

/// <summary>What a node said to a train request: a <see cref="TrainReply"/> or an <see cref="ErrorReply"/>.</summary>
/// <param name="Ticket">The request it answers.</param>
/// <param name="Message">What the node said.</param>
/// <param name="ArrivalTimestamp">When it arrived: a timestamp of the <see cref="TimeProvider"/>.</param>
/// <param name="ParametersDigest">What its parameter file hashes to, where the node says so.</param>
public sealed record NodeReply(TrainTicket Ticket, NodeMessage Message, long ArrivalTimestamp, FileDigest? ParametersDigest)
{
    /// <summary>
    /// Whether the message is an error that names neither request nor researcher, as Python nodes send where a task broke down: it probably belongs to
    /// this request, the only one outstanding at its node, but that is a suspicion only.
    /// </summary>
    public bool IsSuspicion { get; init; }

    /// <summary>What tells the broker that the message is safe here; <see langword="null"/> where it need not know.</summary>
    internal DeliveryReceipt? Receipt { get; init; }

    /// <summary>The bytes that arrived, to be kept as they came; empty where the message was not read from any.</summary>
    internal ReadOnlyMemory<byte> Payload => Receipt?.Message.Payload ?? default;

    /// <summary>Says that the reply is safe here, or not worth keeping: the broker may forget it. May be said more than once.</summary>
    public void Acknowledge() => Receipt?.Sign();
}
