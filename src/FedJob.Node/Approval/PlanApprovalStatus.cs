namespace FedJob.Node.Approval;

/// <summary>What a node's owner decided about a training plan.</summary>
public enum PlanApprovalStatus
{
    /// <summary>Seen, and nothing decided yet: it does not run where approval is required.</summary>
    Pending,

    /// <summary>Exactly these bytes may run.</summary>
    Approved,

    /// <summary>These bytes never run here, whether or not approval is required.</summary>
    Rejected,
}
