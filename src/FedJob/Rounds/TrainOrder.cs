using FedJob.Messaging;
using FedJob.Protocol.Messages;

namespace FedJob.Rounds;

/// <summary>A train request, before it is written for its node.</summary>
internal sealed record TrainOrder(TrainTicket Ticket, TrainRequest Request, IReadOnlyDictionary<string, string> Properties)
{
    /// <summary>The same request under another id.</summary>
    public TrainOrder With(string requestId) => this with { Ticket = Ticket with { RequestId = requestId } };
}
