namespace FedJob.Messaging;

/// <summary>What identifies one train request: replies, metrics and errors are matched by node and request id, never guessed.</summary>
/// <param name="NodeId">The node asked.</param>
/// <param name="RequestId">The id of the request, unique for the researcher.</param>
/// <param name="JobId">The job.</param>
/// <param name="Round">The round, counted from 0.</param>
public sealed record TrainTicket(string NodeId, string RequestId, string JobId, int Round)
{
    /// <summary>How long its reply may take, counted from its sending. Default: 0.</summary>
    public TimeSpan Deadline { get; init; }
}
