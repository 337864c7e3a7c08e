using FedJob.Aggregation;
using FedJob.Checkpoints;
using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.TrainingPlans;

namespace FedJob;

/// <summary>What a resumed job is given again, since no file may decide it: code is never resolved from a checkpoint.</summary>
public sealed class ResumeOptions
{
    /// <summary>
    /// The plan, for the researcher's own instance of it; its bytes must be those of the checkpoint. Default: none. The checkpoint's bytes
    /// are sent to nodes as they are, and <see cref="Job.TrainingPlan"/> is <see langword="null"/>.
    /// </summary>
    public TrainingPlanSource? TrainingPlan { get; set; }

    /// <summary>The rule; it takes up its state from the checkpoint. Default: <see cref="FedAvg"/>.</summary>
    public IAggregator Aggregator { get; set; } = new FedAvg();

    /// <summary>The sampler; it takes up its state from the checkpoint. Default: all nodes.</summary>
    public INodeSampler Sampler { get; set; } = new AllNodesSampler();

    /// <summary>The keys of a secure aggregation of all rounds. Default: none.</summary>
    public SecureAggregationArgs? SecureAggregation { get; set; }

    /// <summary>When rounds end, unless a round says otherwise. Default: the defaults of <see cref="RoundPolicy"/>.</summary>
    public RoundPolicy RoundPolicy { get; set; } = new();

    /// <summary>The nodes' datasets, where they have changed since. Default: those of the checkpoint.</summary>
    public FederatedDataset? Data { get; set; }

    /// <summary>
    /// Whether to go on as another job: with a new id, and with nodes that begin without a state, since theirs belongs to the first job.
    /// Default: <see langword="false"/>, the same job goes on.
    /// </summary>
    public bool AsBranch { get; set; }

    /// <summary>How many reports of metrics are kept, 1 to 10,000,000. Default: 100,000.</summary>
    public int MetricCapacity { get; set; } = 100_000;

    /// <summary>
    /// Whether the parameter files of a training round's nodes are kept until the next training round is committed
    /// (<see cref="Job.ReplyFiles"/>), e.g. for checkpoints with <see cref="CheckpointOptions.IncludeReplyFiles"/>. They need as much room
    /// as the participants' models together. Default: <see langword="false"/>.
    /// </summary>
    public bool KeepReplyFiles { get; set; }

    /// <summary>
    /// The threads that combine the updates of a round, at least 1; the result has the same bits for any number. Default: one for each
    /// processor, at most 4.
    /// </summary>
    public int MaxDegreeOfParallelism { get; set; } = Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>
    /// Where the resumed job keeps its files; made if it does not exist. Default: a temporary directory that is removed with the job.
    /// </summary>
    public string? WorkDirectory { get; set; }

    /// <summary>Checks what can be checked before the checkpoint or journal is read.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names option, value and what is allowed.</exception>
    internal void Validate()
    {
        if (MetricCapacity is < 1 or > 10_000_000)
        {
            throw new ArgumentException($"ResumeOptions.MetricCapacity is {MetricCapacity}; allowed: 1 to 10,000,000.");
        }

        if (MaxDegreeOfParallelism < 1)
        {
            throw new ArgumentException($"ResumeOptions.MaxDegreeOfParallelism is {MaxDegreeOfParallelism}; allowed: 1 and more.");
        }
    }
}
