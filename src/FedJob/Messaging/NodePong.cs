namespace FedJob.Messaging;

/// <summary>A node that answered a ping.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="IsFedJobNode">Whether it is a FedJob node; every other one is treated by the rules of Fed-BioMed's Python nodes.</param>
/// <param name="RoundTripTime">From the ping to its answer.</param>
public sealed record NodePong(string NodeId, bool IsFedJobNode, TimeSpan RoundTripTime);
