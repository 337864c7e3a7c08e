namespace FedJob.Aggregation;

/// <summary>What is known of an update whose node has replied and whose parameters are still on their way.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="SampleCount">The samples it says it trained on, at least 1.</param>
public sealed record ExpectedUpdate(string NodeId, long SampleCount);
