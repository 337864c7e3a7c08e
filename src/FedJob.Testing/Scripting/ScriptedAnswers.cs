using FedJob.Protocol.Messages;

namespace FedJob.Testing.Scripting;

/// <summary>What a scripted node answers to everything but train requests.</summary>
internal static class ScriptedAnswers
{
    /// <summary>The answer; null where a node stays silent or where there is more to do.</summary>
    public static NodeMessage? To(ResearcherRequest request, ScriptedNode node) => request switch
    {
        PingRequest ping => new PongReply
        {
            ResearcherId = ping.ResearcherId,
            NodeId = node.NodeId,
            Success = true,
            Sequence = ping.Sequence,
        },
        SearchRequest search when search.Tags.All(node.Dataset.Tags.Contains) => new SearchReply
        {
            ResearcherId = search.ResearcherId,
            NodeId = node.NodeId,
            Success = true,
            Databases = [node.Dataset with { ColumnTypes = node.Dataset.ColumnTypes ?? [] }],
            Count = 1,
        },
        ListRequest list => new ListReply
        {
            ResearcherId = list.ResearcherId,
            NodeId = node.NodeId,
            Success = true,
            Databases = [node.Dataset],
            Count = 1,
        },
        ApprovalRequest approval => new ApprovalReply
        {
            ResearcherId = approval.ResearcherId,
            NodeId = node.NodeId,
            Sequence = approval.Sequence,
            Status = 200,
            Success = true,
        },
        TrainingPlanStatusRequest status => new TrainingPlanStatusReply
        {
            ResearcherId = status.ResearcherId,
            NodeId = node.NodeId,
            JobId = status.JobId,
            Success = true,
            ApprovalObligation = false,
            Status = TrainingPlanStatus.Pending,
            Text = "This node does not require approval.",
            TrainingPlanUrl = status.TrainingPlanUrl,
        },
        SecaggRequest secagg => new SecaggReply
        {
            ResearcherId = secagg.ResearcherId,
            NodeId = node.NodeId,
            SecaggId = secagg.SecaggId,
            Sequence = secagg.Sequence,
            Success = false,
            Text = "A scripted node does not take part in secure aggregation.",
        },
        _ => null,
    };

    /// <summary>The reply of a training that failed, as a node words it.</summary>
    public static TrainReply Failure(TrainRequest request, ScriptedNode node, string stateId, string text) => new()
    {
        ResearcherId = request.ResearcherId,
        JobId = request.JobId,
        NodeId = node.NodeId,
        StateId = stateId,
        Success = false,
        DatasetId = "",
        ParametersUrl = "",
        Text = text,
    };
}
