using FedJob.Messaging;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <content>The approval of a job's training plan.</content>
public sealed partial class Job
{
    /// <summary>Asks the job's nodes whether they would run its plan.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>One entry for each node of the job, also for those that did not answer, by node id in ordinal order.</returns>
    /// <exception cref="Protocol.Mqtt.MessagingException">The broker did not take the request.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public Task<IReadOnlyDictionary<string, TrainingPlanApproval>> CheckTrainingPlanApprovalAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return Requests.CheckTrainingPlanApprovalAsync(Id, TrainingPlanUrl, Nodes, cancellationToken);
    }

    /// <summary>Sends the job's plan to its nodes for their owners' approval; nobody else gets it.</summary>
    /// <param name="description">What the owners should know of it; not blank.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>One entry for each node of the job, also for those that did not answer, by node id in ordinal order.</returns>
    /// <exception cref="Protocol.Mqtt.MessagingException">The broker did not take the request.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public Task<IReadOnlyDictionary<string, ApprovalRequestAnswer>> RequestTrainingPlanApprovalAsync(
        string description, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return Requests.RequestTrainingPlanApprovalAsync(TrainingPlanUrl, description, Nodes, cancellationToken);
    }

    /// <summary>Makes sure that the job's plan is approved, by a policy for nodes that would not run it.</summary>
    /// <param name="policy">What to do while some would not; <see langword="null"/> for the defaults of <see cref="ApprovalPolicy"/>, which throws.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the nodes said last, by node id in ordinal order, also those that left the job by <see cref="PartialApproval.ContinueWithApproved"/>.</returns>
    /// <exception cref="ArgumentException">The policy contradicts itself.</exception>
    /// <exception cref="TrainingPlanNotApprovedException">Some nodes would not run the plan (<see cref="PartialApproval.Fail"/>), or still not when the time was over, or none would.</exception>
    /// <exception cref="Protocol.Mqtt.MessagingException">The broker did not take the request.</exception>
    /// <exception cref="InvalidOperationException">A round of this job is running.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public async Task<IReadOnlyDictionary<string, TrainingPlanApproval>> EnsureTrainingPlanApprovedAsync(
        ApprovalPolicy? policy = null, CancellationToken cancellationToken = default)
    {
        policy ??= new ApprovalPolicy();
        policy.Validate();
        long began = _timeProvider.GetTimestamp();
        while (true)
        {
            IReadOnlyDictionary<string, TrainingPlanApproval> answers = await CheckTrainingPlanApprovalAsync(cancellationToken).ConfigureAwait(false);
            string[] willing = [.. answers.Values.Where(a => a.CanTrain).Select(a => a.NodeId)];
            if (willing.Length == answers.Count)
            {
                return answers;
            }

            if (policy.WhenPartial == PartialApproval.ContinueWithApproved && willing.Length > 0)
            {
                Data = Data.Only(willing);
                LogUnapprovedLeft(Id, answers.Count - willing.Length, willing.Length);
                return answers;
            }

            TimeSpan left = policy.Timeout - _timeProvider.GetElapsedTime(began);
            if (policy.WhenPartial != PartialApproval.Wait || left <= TimeSpan.Zero)
            {
                throw NotApproved(answers);
            }

            await Task.Delay(left < policy.CheckInterval ? left : policy.CheckInterval, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private TrainingPlanNotApprovedException NotApproved(IReadOnlyDictionary<string, TrainingPlanApproval> answers)
    {
        string unwilling = string.Join("; ", answers.Values.Where(a => !a.CanTrain).Take(10).Select(a => $"{a.NodeId} {a.Status}: {a.Text}"));
        return new TrainingPlanNotApprovedException(
            $"{answers.Values.Count(a => !a.CanTrain)} of {answers.Count} node(s) would not run plan {TrainingPlanName} (SHA-256 {TrainingPlanSha256}): {unwilling}. "
            + $"Have the owners approve it ({nameof(RequestTrainingPlanApprovalAsync)} sends it to them), or go on with the approved nodes.",
            answers)
        { JobId = Id };
    }

    [LoggerMessage(1004, LogLevel.Warning, "Job {JobId}: {Unapproved} node(s) would not run the plan and left the job; {Approved} go on")]
    private partial void LogUnapprovedLeft(string jobId, int unapproved, int approved);
}
