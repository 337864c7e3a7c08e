namespace FedJob.Messaging;

/// <summary>What the broker says of a FedJob node's connection: its own word, or its last will when the connection broke off.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="IsOnline">Whether it is connected. Anybody with access to the broker can say so: what follows from it is checked with a ping.</param>
public sealed record NodePresence(string NodeId, bool IsOnline);
