using FedJob.Protocol.Messages;

namespace FedJob.Messaging;

/// <summary>The two questions about a training plan's approval. Each node asked has one entry in the answer; who is silent has one that says so.</summary>
internal sealed class ApprovalSurvey(Survey survey, string researcherId, TimeSpan window)
{
    public async Task<IReadOnlyDictionary<string, TrainingPlanApproval>> CheckAsync(
        string jobId, Uri trainingPlanUrl, HashSet<string>? asked, CancellationToken cancellationToken)
    {
        var question = new TrainingPlanStatusRequest { ResearcherId = researcherId, JobId = jobId, TrainingPlanUrl = trainingPlanUrl.AbsoluteUri };
        SurveyResult<TrainingPlanApproval> result = await survey.RunAsync(
            _ => question,
            asked,
            oneByOne: false,
            window,
            message => message switch
            {
                TrainingPlanStatusReply reply when reply.JobId == jobId && reply.TrainingPlanUrl == question.TrainingPlanUrl =>
                    new TrainingPlanApproval(reply.NodeId, StatusOf(reply), reply.Text),
                ErrorReply error => new TrainingPlanApproval(error.NodeId, TrainingPlanApprovalStatus.Error, NodeErrors.Describe(error)),
                _ => null,
            },
            cancellationToken).ConfigureAwait(false);
        return Complete(result, asked, nodeId => new TrainingPlanApproval(nodeId, TrainingPlanApprovalStatus.NoAnswer, Silence()));
    }

    public async Task<IReadOnlyDictionary<string, ApprovalRequestAnswer>> RequestAsync(
        Uri trainingPlanUrl, string description, HashSet<string>? asked, CancellationToken cancellationToken)
    {
        // Each request has its own number, and only answers with the number that its node was given count.
        var sequences = new Dictionary<string, int>(StringComparer.Ordinal);
        int sequenceOfAll = 0;
        SurveyResult<ApprovalRequestAnswer> result = await survey.RunAsync(
            nodeId => new ApprovalRequest
            {
                ResearcherId = researcherId,
                Description = description,
                Sequence = nodeId is null ? sequenceOfAll = survey.NextSequence() : sequences[nodeId] = survey.NextSequence(),
                TrainingPlanUrl = trainingPlanUrl.AbsoluteUri,
            },
            asked,
            oneByOne: true,
            window,
            message => message switch
            {
                ApprovalReply reply when reply.Sequence == sequences.GetValueOrDefault(reply.NodeId, sequenceOfAll) => AnswerOf(reply),
                ErrorReply error => new ApprovalRequestAnswer(error.NodeId, ApprovalRequestOutcome.Error, null, NodeErrors.Describe(error)),
                _ => null,
            },
            cancellationToken).ConfigureAwait(false);
        return Complete(result, asked, nodeId => new ApprovalRequestAnswer(nodeId, ApprovalRequestOutcome.NoAnswer, null, Silence()));
    }

    private static TrainingPlanApprovalStatus StatusOf(TrainingPlanStatusReply reply) => reply switch
    {
        { Success: false } => TrainingPlanApprovalStatus.Error,

        // Such a node answers "Pending" for every plan, and runs it.
        { ApprovalObligation: false } => TrainingPlanApprovalStatus.NotRequired,
        { Status: TrainingPlanStatus.Approved } => TrainingPlanApprovalStatus.Approved,
        { Status: TrainingPlanStatus.Pending } => TrainingPlanApprovalStatus.Pending,
        { Status: TrainingPlanStatus.Rejected } => TrainingPlanApprovalStatus.Rejected,
        { Status: TrainingPlanStatus.NotRegistered } => TrainingPlanApprovalStatus.NotRegistered,
        _ => TrainingPlanApprovalStatus.Error,
    };

    private static ApprovalRequestAnswer AnswerOf(ApprovalReply reply) => reply switch
    {
        { Success: true } => new(reply.NodeId, ApprovalRequestOutcome.Received, reply.Status, "The node has the plan; its owner decides."),
        { Status: >= 200 and < 300 } => new(
            reply.NodeId, ApprovalRequestOutcome.Error, reply.Status, "The node downloaded the plan and could not take it in: its own log says why."),
        { Status: 0 } => new(
            reply.NodeId, ApprovalRequestOutcome.DownloadFailed, null, "The node could not download the plan: it cannot reach the repository's address."),
        _ => new(reply.NodeId, ApprovalRequestOutcome.DownloadFailed, reply.Status, $"The node could not download the plan: HTTP status {reply.Status}."),
    };

    private static SortedDictionary<string, T> Complete<T>(SurveyResult<T> result, HashSet<string>? asked, Func<string, T> silent)
    {
        foreach (string nodeId in (asked ?? result.Answered.AsEnumerable()).Where(n => !result.Found.ContainsKey(n)))
        {
            result.Found[nodeId] = silent(nodeId);
        }

        return result.Found;
    }

    private string Silence() => $"no answer within {window.TotalSeconds:0.###} s";
}
