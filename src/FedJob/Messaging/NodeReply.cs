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
}
