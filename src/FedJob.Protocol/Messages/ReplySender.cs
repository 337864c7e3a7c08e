namespace FedJob.Protocol.Messages;

/// <summary>Who sent a message that is malformed otherwise.</summary>
/// <param name="Command">Its command.</param>
/// <param name="ResearcherId">The researcher it is for.</param>
/// <param name="NodeId">The node.</param>
public sealed record ReplySender(string Command, string ResearcherId, string NodeId);
