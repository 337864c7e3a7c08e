namespace FedJob.Protocol.Messages;

/// <summary>
/// What a node knows of a training plan. It counts only where <see cref="TrainingPlanStatusReply.ApprovalObligation"/> is true.
/// </summary>
public enum TrainingPlanStatus
{
    /// <summary>The owner approved it; <c>Approved</c>.</summary>
    Approved,

    /// <summary>The owner rejected it; <c>Rejected</c>.</summary>
    Rejected,

    /// <summary>The owner has not decided; <c>Pending</c>.</summary>
    Pending,

    /// <summary>The node was never asked; <c>Not Registered</c>.</summary>
    NotRegistered,

    /// <summary>The node could not find out; <c>Error</c>.</summary>
    Error,
}
