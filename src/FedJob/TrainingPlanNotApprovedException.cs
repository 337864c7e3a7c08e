using FedJob.Abstractions;
using FedJob.Messaging;

namespace FedJob;

/// <summary>Not enough nodes of a job would run its training plan.</summary>
public sealed class TrainingPlanNotApprovedException : FedJobException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which nodes, why, and what to do next.</param>
    /// <param name="answers">What each node of the job says, by node id.</param>
    public TrainingPlanNotApprovedException(string message, IReadOnlyDictionary<string, TrainingPlanApproval> answers)
        : base(FedJobErrorCode.TrainingPlanNotApproved, message) => Answers = answers;

    /// <summary>What each node of the job says, by node id.</summary>
    public IReadOnlyDictionary<string, TrainingPlanApproval> Answers { get; }
}
