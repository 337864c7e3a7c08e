namespace FedJob.Protocol.Messages;

/// <summary>Says whether a node's owner has approved a training plan.</summary>
public sealed record TrainingPlanStatusReply : NodeMessage
{
    /// <summary>The job; <c>job_id</c>.</summary>
    public required string JobId { get; init; }

    /// <summary>Whether the node could look; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <summary>
    /// Whether the node runs approved plans only. Where it is false <see cref="Status"/> says nothing; <c>approval_obligation</c>.
    /// </summary>
    public required bool ApprovalObligation { get; init; }

    /// <summary>What the node knows of the plan; <c>status</c>.</summary>
    public required TrainingPlanStatus Status { get; init; }

    /// <summary>The same in words; <c>msg</c>.</summary>
    public required string Text { get; init; }

    /// <summary>Where the training plan is; <c>training_plan_url</c>.</summary>
    public required string TrainingPlanUrl { get; init; }

    /// <inheritdoc/>
    public override string Command => "training-plan-status";
}
