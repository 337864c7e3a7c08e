using System.Globalization;
using FedJob.Node.Datasets;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;

namespace FedJob.Node;

/// <summary>How a node runs. Read once, when it starts.</summary>
public sealed class FederatedNodeOptions
{
    private static readonly TimeSpan LongestTraining = TimeSpan.FromDays(30);

    // A node of such a name would listen to, and speak on, the topics that all share.
    private static readonly string[] ReservedNodeIds = ["nodes", "researcher", "monitoring", "logger"];

    /// <summary>
    /// The node's id, unique at the broker: 1 to 128 of <c>A-Z a-z 0-9 _ . -</c>. Default: <c>node_</c> and a GUID, made once and kept in
    /// the state directory.
    /// <c>nodes</c>, <c>researcher</c>, <c>monitoring</c> and <c>logger</c> are names of shared topics and not allowed.
    /// </summary>
    public string? NodeId { get; set; }

    /// <summary>Where the MQTT broker is.</summary>
    public BrokerOptions Broker { get; set; } = new();

    /// <summary>Where the file repository is. The node downloads from nowhere else.</summary>
    public RepositoryOptions Repository { get; set; } = new();

    /// <summary>
    /// The directory the node keeps ids, approvals, plans, states and replies in; made if it is missing, one for each node. Required.
    /// </summary>
    public string? StateDirectory { get; set; }

    /// <summary>CSV files to register when the node starts. Default: none.</summary>
    public IList<CsvDatasetOptions> Datasets { get; } = [];

    /// <summary>Whether only plans run whose exact bytes the owner approved. Default: <see langword="true"/>.</summary>
    public bool RequireApproval { get; set; } = true;

    /// <summary>The largest training plan accepted, in bytes; 1 to 2,000,000,000. Default: 64 MiB.</summary>
    public int MaximumPlanBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// How many train requests may wait while one runs; 1 to 10,000. Further ones are answered with an error. Default: 64.
    /// </summary>
    public int TrainQueueCapacity { get; set; } = 64;

    /// <summary>
    /// How many messages may wait to be looked at, on each of the two topics; 1 to 100,000. Further ones are dropped and counted. Default:
    /// 1,024.
    /// </summary>
    public int MessageQueueCapacity { get; set; } = 1024;

    /// <summary>
    /// How long one train request may take, downloads included, before it is cancelled and reported as failed; above 0, at most 30 days.
    /// Default: 24 h.
    /// </summary>
    public TimeSpan MaximumTrainingTime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long stopping waits for a running training to end; above 0, at most 5 min. Default: 5 s.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many replies to finished requests are kept to answer repeated requests from; 1 to 100,000. Default: 256.</summary>
    public int FinishedRepliesKept { get; set; } = 256;

    /// <summary>
    /// How many states of a plan are kept of each job; 2 to 1,000. A repeated round needs the state before the last. Default: 4.
    /// </summary>
    public int StatesKeptPerJob { get; set; } = 4;

    /// <summary>How many jobs' states are kept; 1 to 100,000. Default: 64.</summary>
    public int JobsKept { get; set; } = 64;

    /// <summary>How many downloaded plans are kept; 1 to 1,000. Default: 16.</summary>
    public int PlansKept { get; set; } = 16;

    /// <summary>Checks the values and the rules between them.</summary>
    /// <returns>One message for each rule that is broken: the option, its value and what is allowed; none when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        List<string> messages = [];
        if (NodeId is not null && !Identifier.IsValid(NodeId))
        {
            messages.Add($"FederatedNodeOptions.NodeId is '{NodeId}': 1 to {Identifier.MaximumLength} of A-Z a-z 0-9 _ . - are allowed.");
        }
        else if (ReservedNodeIds.Contains(NodeId, StringComparer.Ordinal))
        {
            messages.Add(
                $"FederatedNodeOptions.NodeId is '{NodeId}', the name of a shared topic: "
                + $"anything but {string.Join(", ", ReservedNodeIds)} is allowed.");
        }

        if (string.IsNullOrWhiteSpace(StateDirectory))
        {
            messages.Add($"FederatedNodeOptions.StateDirectory is '{StateDirectory}': name a directory that only this node uses.");
        }

        AddSections(messages);
        AddRange(messages, nameof(MaximumPlanBytes), MaximumPlanBytes, 1, 2_000_000_000);
        AddRange(messages, nameof(TrainQueueCapacity), TrainQueueCapacity, 1, 10_000);
        AddRange(messages, nameof(MessageQueueCapacity), MessageQueueCapacity, 1, 100_000);
        AddRange(messages, nameof(FinishedRepliesKept), FinishedRepliesKept, 1, 100_000);
        AddRange(messages, nameof(StatesKeptPerJob), StatesKeptPerJob, 2, 1_000);
        AddRange(messages, nameof(JobsKept), JobsKept, 1, 100_000);
        AddRange(messages, nameof(PlansKept), PlansKept, 1, 1_000);
        AddTime(messages, nameof(MaximumTrainingTime), MaximumTrainingTime, LongestTraining);
        AddTime(messages, nameof(StopTimeout), StopTimeout, TimeSpan.FromMinutes(5));
        for (int index = 0; index < Datasets.Count; index++)
        {
            if (string.IsNullOrWhiteSpace(Datasets[index].Path))
            {
                messages.Add($"FederatedNodeOptions.Datasets[{index}].Path is '{Datasets[index].Path}': name a CSV file.");
            }

            if (Datasets[index].Tags.Count == 0)
            {
                messages.Add(
                    $"FederatedNodeOptions.Datasets[{index}].Tags is empty: name at least 1 tag, else no researcher finds the data.");
            }
        }

        return messages;
    }

    private static void AddRange(List<string> messages, string name, int value, int minimum, int maximum)
    {
        if (value < minimum || value > maximum)
        {
            messages.Add(string.Create(
                CultureInfo.InvariantCulture, $"FederatedNodeOptions.{name} is {value}: {minimum} to {maximum} is allowed."));
        }
    }

    private static void AddTime(List<string> messages, string name, TimeSpan value, TimeSpan maximum)
    {
        if (value <= TimeSpan.Zero || value > maximum)
        {
            messages.Add($"FederatedNodeOptions.{name} is {value:c}: above 0 and at most {maximum:c} is allowed.");
        }
    }

    private void AddSections(List<string> messages)
    {
        if (Broker is null)
        {
            messages.Add("FederatedNodeOptions.Broker is null: say where the broker is.");
        }
        else
        {
            messages.AddRange(Broker.Validate());
        }

        if (Repository is null)
        {
            messages.Add("FederatedNodeOptions.Repository is null: say where the repository is.");
        }
        else
        {
            messages.AddRange(Repository.Validate());
        }
    }
}
