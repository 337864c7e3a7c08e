namespace FedJob.Messaging;

/// <summary>What became of a request to approve a training plan, at one node. Whether its owner approves the plan is another question.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="HttpStatus">The HTTP status of the node's download of the plan; <see langword="null"/> where there is none.</param>
/// <param name="Text">One sentence for people.</param>
public sealed record ApprovalRequestAnswer(string NodeId, ApprovalRequestOutcome Outcome, int? HttpStatus, string Text);
