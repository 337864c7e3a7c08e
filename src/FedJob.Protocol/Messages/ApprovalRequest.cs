namespace FedJob.Protocol.Messages;

/// <summary>Asks a node's owner to approve a training plan.</summary>
public sealed record ApprovalRequest : ResearcherRequest
{
    /// <summary>What the owner reads about the plan; <c>description</c>.</summary>
    public required string Description { get; init; }

    /// <summary>The number the answer repeats; <c>sequence</c>.</summary>
    public required int Sequence { get; init; }

    /// <summary>Where the training plan is; <c>training_plan_url</c>.</summary>
    public required string TrainingPlanUrl { get; init; }

    /// <inheritdoc/>
    public override string Command => "approval";
}
