using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Checkpoints;
using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.TrainingPlans;

namespace FedJob;

/// <summary>What a job is made of. Read once, when the job is made; later changes have no effect.</summary>
public sealed class JobOptions
{
    /// <summary>What is trained. Required.</summary>
    public required TrainingPlanSource TrainingPlan { get; set; }

    /// <summary>Where it is trained. Required.</summary>
    public required FederatedDataset Data { get; set; }

    /// <summary>How it is trained. Required.</summary>
    public required TrainingArgs TrainingArgs { get; set; }

    /// <summary>Arguments of the model, a JSON object of the plan's own making. Default: empty.</summary>
    public JsonObject ModelArgs { get; set; } = [];

    /// <summary>The parameters to start from. Default: those of the researcher's own instance of the plan, made with <see cref="Seed"/>.</summary>
    public ModelParameters? InitialParameters { get; set; }

    /// <summary>The seed of the initial parameters and of sampling. Default: 0.</summary>
    public int Seed { get; set; }

    /// <summary>When rounds end, unless a round says otherwise. Default: the defaults of <see cref="RoundPolicy"/>.</summary>
    public RoundPolicy RoundPolicy { get; set; } = new();

    /// <summary>How updates become new parameters, unless a round says otherwise. Default: <see cref="FedAvg"/>.</summary>
    public IAggregator Aggregator { get; set; } = new FedAvg();

    /// <summary>How participants are chosen, unless a round says otherwise. Default: all nodes.</summary>
    public INodeSampler Sampler { get; set; } = new AllNodesSampler();

    /// <summary>The keys of a secure aggregation of all rounds, unless a round says otherwise. Default: none.</summary>
    public SecureAggregationArgs? SecureAggregation { get; set; }

    /// <summary>How many reports of metrics are kept, 1 to 10,000,000; beyond, the oldest are dropped. Default: 100,000.</summary>
    public int MetricCapacity { get; set; } = 100_000;

    /// <summary>
    /// Whether the parameter files of a training round's nodes are kept until the next training round is committed (<see cref="Job.ReplyFiles"/>), e.g. for
    /// checkpoints with <see cref="CheckpointOptions.IncludeReplyFiles"/>. They need as much room as the participants' models together. Default: <see langword="false"/>.
    /// </summary>
    public bool KeepReplyFiles { get; set; }

    /// <summary>
    /// The threads that combine the updates of a round, at least 1; the result has the same bits for any number. Default: one for each processor, at most 4.
    /// </summary>
    public int MaxDegreeOfParallelism { get; set; } = Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>Where the job keeps its files; made if it does not exist. Default: a temporary directory that is removed with the job.</summary>
    public string? WorkDirectory { get; set; }

    /// <summary>Checks the values and the rules between them.</summary>
    /// <exception cref="ArgumentException">A rule is broken; the message names option, value and what is allowed.</exception>
    /// <exception cref="AggregationException"><see cref="Aggregator"/> needs more nodes; the message names the bound.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(TrainingPlan);
        ArgumentNullException.ThrowIfNull(Data);
        ArgumentNullException.ThrowIfNull(TrainingArgs);
        ArgumentNullException.ThrowIfNull(ModelArgs);
        ArgumentNullException.ThrowIfNull(RoundPolicy);
        ArgumentNullException.ThrowIfNull(Aggregator);
        ArgumentNullException.ThrowIfNull(Sampler);
        if (MetricCapacity is < 1 or > 10_000_000)
        {
            throw new ArgumentException($"JobOptions.MetricCapacity is {MetricCapacity}; allowed: 1 to 10,000,000.");
        }

        if (MaxDegreeOfParallelism < 1)
        {
            throw new ArgumentException($"JobOptions.MaxDegreeOfParallelism is {MaxDegreeOfParallelism}; allowed: 1 and more.");
        }

        new RoundRequest { Aggregator = Aggregator, SecureAggregation = SecureAggregation, Policy = RoundPolicy }.Validate(Data.Nodes);
        TrainingArgs.Validate(training: false);
        RuleChecks.CheckTrainingArgs(Aggregator, TrainingArgs);
        WireCheck.Check(TrainingArgs, ModelArgs, nameof(JobOptions));
        RoundPolicy.Validate(Data.Nodes.Count);
        if (InitialParameters is { Count: 0 })
        {
            throw new ArgumentException("JobOptions.InitialParameters holds no tensor; give the model's parameters, or null for the plan's own.");
        }

        if (WorkDirectory is not null && string.IsNullOrWhiteSpace(WorkDirectory))
        {
            throw new ArgumentException("JobOptions.WorkDirectory is blank; name a directory or leave it null for a temporary one.");
        }
    }

    /// <summary>A copy that the caller's later changes do not reach.</summary>
    internal JobOptions Copy()
    {
        var copy = (JobOptions)MemberwiseClone();
        copy.ModelArgs = JsonArguments.Copy(ModelArgs, nameof(ModelArgs));
        return copy;
    }
}
