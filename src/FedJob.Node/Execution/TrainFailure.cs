using FedJob.Node.State;
using FedJob.Protocol.Messages;

namespace FedJob.Node.Execution;

/// <summary>The reply of a train request that failed.</summary>
internal static class TrainFailure
{
    /// <summary>Makes the reply in the form of a Python node: with a new state id that was never saved.</summary>
    /// <param name="task">The request.</param>
    /// <param name="nodeId">The node.</param>
    /// <param name="text">Why it failed; fit to leave the node.</param>
    /// <returns>The reply.</returns>
    public static TrainAnswer Answer(TrainTask task, string nodeId, string text)
    {
        var reply = new TrainReply
        {
            ResearcherId = task.Request.ResearcherId,
            JobId = task.Request.JobId,
            NodeId = nodeId,
            StateId = NodeStateStore.NewStateId(),
            Success = false,
            DatasetId = "",
            ParametersUrl = "",
            Text = text,
        };
        return new TrainAnswer(reply, null);
    }
}
