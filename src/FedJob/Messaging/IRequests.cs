using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;

namespace FedJob.Messaging;

/// <summary>What a researcher asks nodes, and what they answer. One instance serves any number of jobs over one connection.</summary>
public interface IRequests
{
    /// <summary>The researcher's id.</summary>
    string ResearcherId { get; }

    /// <summary>The state of the connection to the broker.</summary>
    ConnectionState ConnectionState { get; }

    /// <summary>Raised after each change of <see cref="ConnectionState"/>, one at a time; a handler returns at once and does not throw.</summary>
    event EventHandler<ConnectionStateChangedEventArgs>? ConnectionStateChanged;

    /// <summary>
    /// Whether a node has said in a pong or search reply that it is a FedJob node: it keeps its replies and answers a repeated request from them. Every other
    /// node is treated by the rules of Python nodes.
    /// </summary>
    /// <param name="nodeId">The node.</param>
    /// <returns>Whether it has.</returns>
    bool IsFedJobNode(string nodeId);

    /// <summary>How many arrivals were refused as malformed, foreign or stale.</summary>
    long RefusedCount { get; }

    /// <summary>Asks who is there: everybody, or the nodes named. Returns as soon as all those named have answered.</summary>
    /// <param name="nodes">The nodes to ask; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The nodes that answered, in ordinal order; none when nobody did within the search window.</returns>
    /// <exception cref="MessagingException">The broker did not take the request.</exception>
    Task<IReadOnlyList<NodePong>> PingAsync(IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default);

    /// <summary>Searches for datasets that carry all tags, at every node or at those named. Returns as soon as every node that is there has answered.</summary>
    /// <param name="tags">The tags; none matches every dataset.</param>
    /// <param name="nodes">The nodes to ask; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>One dataset a node: the first that the node names.</returns>
    /// <exception cref="NodeSearchException">No node answered, or none holds such data.</exception>
    /// <exception cref="MessagingException">The broker did not take the request.</exception>
    Task<FederatedDataset> SearchAsync(
        IReadOnlyList<string> tags, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default);

    /// <summary>Lists all datasets, of every node or of those named.</summary>
    /// <param name="nodes">The nodes to ask; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The datasets of each node that answered, by node id in ordinal order.</returns>
    /// <exception cref="MessagingException">The broker did not take the request.</exception>
    Task<IReadOnlyDictionary<string, IReadOnlyList<DatasetEntry>>> ListAsync(
        IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default);

    /// <summary>Asks whether nodes would run a training plan. Returns as soon as all nodes asked, or all that are there, have answered.</summary>
    /// <param name="jobId">The job that would run it.</param>
    /// <param name="trainingPlanUrl">Where nodes download it.</param>
    /// <param name="nodes">The nodes to ask; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>One entry for each node asked, also for those that did not answer within the approval window, by node id in ordinal order; without a node
    /// list one for each node that is there.</returns>
    /// <exception cref="MessagingException">The broker did not take the request.</exception>
    Task<IReadOnlyDictionary<string, TrainingPlanApproval>> CheckTrainingPlanApprovalAsync(
        string jobId, Uri trainingPlanUrl, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default);

    /// <summary>Sends a training plan to nodes for their owners' approval. Each answer is matched to its node's own request.</summary>
    /// <param name="trainingPlanUrl">Where nodes download the plan.</param>
    /// <param name="description">What the owners should know of it; not blank.</param>
    /// <param name="nodes">The nodes to ask, and nobody else; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>One entry for each node asked, also for those that did not answer within the approval window, by node id in ordinal order; without a node
    /// list one for each node that is there.</returns>
    /// <exception cref="MessagingException">The broker did not take the request.</exception>
    Task<IReadOnlyDictionary<string, ApprovalRequestAnswer>> RequestTrainingPlanApprovalAsync(
        Uri trainingPlanUrl, string description, IReadOnlyCollection<string>? nodes = null, CancellationToken cancellationToken = default);

    /// <summary>A new id for a train request.</summary>
    /// <returns>The researcher's id, a point, and a number.</returns>
    string NewRequestId();

    /// <summary>Begins to expect replies.</summary>
    /// <param name="tickets">The requests that will be sent.</param>
    /// <returns>The window; dispose it when the round has ended.</returns>
    IReplyWindow OpenReplyWindow(IReadOnlyList<TrainTicket> tickets);

    /// <summary>Streams the metrics that nodes report for a job.</summary>
    /// <param name="jobId">The job.</param>
    /// <returns>The live stream.</returns>
    Subscription<NodeMetric> SubscribeToMetrics(string jobId);

    /// <summary>Streams which FedJob nodes come and go.</summary>
    /// <returns>The live stream.</returns>
    Subscription<NodePresence> SubscribeToPresence();

    /// <summary>Streams what nodes log.</summary>
    /// <param name="jobId">Only lines that belong to this job; <see langword="null"/> for all, also those of nodes that do not say.</param>
    /// <returns>The live stream.</returns>
    Subscription<NodeLog> SubscribeToLogs(string? jobId = null);
}
