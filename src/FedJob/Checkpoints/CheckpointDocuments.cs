using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;

namespace FedJob.Checkpoints;

/// <summary><c>state.json</c>: what a job knows, beside its files.</summary>
internal sealed record StateDocument
{
    public required string JobId { get; init; }

    public required int Round { get; init; }

    public required string TrainingPlanFile { get; init; }

    public required string TrainingPlanClass { get; init; }

    /// <summary>In their wire form.</summary>
    public required JsonElement TrainingArgs { get; init; }

    public required JsonObject ModelArgs { get; init; }

    public required int Seed { get; init; }

    public required IReadOnlyDictionary<string, DatasetEntry> Data { get; init; }

    /// <summary>The last state id of each node.</summary>
    public required IReadOnlyDictionary<string, string> NodeStates { get; init; }

    /// <summary>What the parameter file was called in the job's directory: the history refers to it.</summary>
    public required string ParametersName { get; init; }

    public string? Aggregator { get; init; }

    public string? Sampler { get; init; }

    /// <summary>Which node's parameters a reply file holds, by node id.</summary>
    public IReadOnlyDictionary<string, string>? ReplyFiles { get; init; }

    /// <summary>What the loop around rounds remembers; only if anything.</summary>
    public LoopDocument? Loop { get; init; }
}

/// <summary>A line of <c>history.jsonl</c>: a round that ended well.</summary>
internal sealed record RoundDocument
{
    public required int Round { get; init; }

    public required string Outcome { get; init; }

    public required IReadOnlyList<VerdictDocument> Verdicts { get; init; }

    public required string ParametersName { get; init; }

    public required Uri ParametersUrl { get; init; }

    /// <summary>Whether the checkpoint's auxiliary variables are those of this round.</summary>
    public bool AuxiliaryVariables { get; init; }

    /// <summary>What the researcher's evaluation said; only if anything.</summary>
    public IReadOnlyDictionary<string, double>? Evaluation { get; init; }

    public required TimingsDocument Timings { get; init; }

    /// <summary>What the outlier guard reported; absent where it looked at nothing.</summary>
    public IReadOnlyList<ScreenedUpdate>? ScreenedUpdates { get; init; }
}

/// <summary>Where the time of a round went.</summary>
internal sealed record TimingsDocument(TimeSpan Send, TimeSpan Collect, TimeSpan Aggregate, TimeSpan Upload, TimeSpan Total);

/// <summary>How a round went for one participant.</summary>
internal sealed record VerdictDocument
{
    public required string NodeId { get; init; }

    public required string Kind { get; init; }

    public string? Reason { get; init; }

    public string? StateId { get; init; }

    public Uri? ParametersUrl { get; init; }

    public long? SampleCount { get; init; }

    public TimeSpan? ReplyTime { get; init; }

    public TimeSpan? TrainingTime { get; init; }

    public TimeSpan? DownloadTime { get; init; }

    public TimeSpan? CheckTime { get; init; }

    public long DownloadedBytes { get; init; }
}

/// <summary>A line of <c>metrics.jsonl</c>: what a node reported. The job is the checkpoint's.</summary>
internal sealed record MetricDocument
{
    public int? Round { get; init; }

    public required string ResearcherId { get; init; }

    public required string NodeId { get; init; }

    public bool Train { get; init; }

    public bool Test { get; init; }

    public bool TestOnLocalUpdates { get; init; }

    public bool TestOnGlobalUpdates { get; init; }

    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    public int? Epoch { get; init; }

    public long TotalSamples { get; init; }

    public long BatchSamples { get; init; }

    public int BatchCount { get; init; }

    public long? SamplesTrained { get; init; }

    public int Iteration { get; init; }
}
