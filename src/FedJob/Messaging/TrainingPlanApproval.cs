namespace FedJob.Messaging;

/// <summary>What one node says of a training plan's approval.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Status">Whether it would run the plan.</param>
/// <param name="Text">The same in the node's own words, or what is known instead.</param>
public sealed record TrainingPlanApproval(string NodeId, TrainingPlanApprovalStatus Status, string Text)
{
    /// <summary>Whether the node would run the plan: <see cref="TrainingPlanApprovalStatus.Approved"/> or <see cref="TrainingPlanApprovalStatus.NotRequired"/>.</summary>
    public bool CanTrain => Status is TrainingPlanApprovalStatus.Approved or TrainingPlanApprovalStatus.NotRequired;
}
