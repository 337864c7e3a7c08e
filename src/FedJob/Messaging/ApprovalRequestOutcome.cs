namespace FedJob.Messaging;

/// <summary>What became of a request to approve a training plan, at one node.</summary>
public enum ApprovalRequestOutcome
{
    /// <summary>The node has the plan: it waits for the owner's decision, or was decided before.</summary>
    Received,

    /// <summary>The node could not download the plan.</summary>
    DownloadFailed,

    /// <summary>The node did not answer within the window.</summary>
    NoAnswer,

    /// <summary>The node has the plan's bytes, or answered with an error, and could not take the plan in.</summary>
    Error,
}
