namespace FedJob.Protocol.Messages;

/// <summary>Asks whether a node's owner has approved a training plan.</summary>
public sealed record TrainingPlanStatusRequest : ResearcherRequest
{
    /// <summary>The job; <c>job_id</c>.</summary>
    public required string JobId { get; init; }

    /// <summary>Where the training plan is; <c>training_plan_url</c>.</summary>
    public required string TrainingPlanUrl { get; init; }

    /// <inheritdoc/>
    public override string Command => "training-plan-status";
}
