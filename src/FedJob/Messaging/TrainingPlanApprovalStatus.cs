namespace FedJob.Messaging;

/// <summary>Whether a node would run a training plan.</summary>
public enum TrainingPlanApprovalStatus
{
    /// <summary>The node's owner approved it.</summary>
    Approved,

    /// <summary>The node knows it; its owner has not decided.</summary>
    Pending,

    /// <summary>The node's owner rejected it.</summary>
    Rejected,

    /// <summary>The node has never seen it: request its approval.</summary>
    NotRegistered,

    /// <summary>The node runs plans without approval, whatever else it says.</summary>
    NotRequired,

    /// <summary>The node did not answer within the window.</summary>
    NoAnswer,

    /// <summary>The node could not find out; the text says why.</summary>
    Error,
}
