using FedJob.Protocol.Messages;

namespace FedJob.Messaging;

/// <summary>A pong, search or list reply to a running query.</summary>
internal sealed record QueryAnswer(NodeMessage Message, bool IsFedJobNode, long ArrivalTimestamp);
