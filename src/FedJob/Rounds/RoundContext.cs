using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Nodes;
using FedJob.Protocol.Storage;

namespace FedJob.Rounds;

/// <summary>What a round starts from: a snapshot of the job, which changes only when the round is committed.</summary>
internal sealed record RoundContext
{
    public required string JobId { get; init; }

    public required int Round { get; init; }

    public required FederatedDataset Data { get; init; }

    /// <summary>The nodes that are there, where they were looked for: participants are chosen among them. Null for all of <see cref="Data"/>.</summary>
    public FederatedDataset? Available { get; init; }

    public required GlobalParameters Parameters { get; init; }

    public required IReadOnlyDictionary<string, string> StateIds { get; init; }

    public required TrainingArgs TrainingArgs { get; init; }

    public required JsonObject ModelArgs { get; init; }

    public required Uri TrainingPlanUrl { get; init; }

    public required FileDigest TrainingPlanDigest { get; init; }

    public required string TrainingPlanClass { get; init; }

    public required int Seed { get; init; }

    /// <summary>Whether the nodes' files of a training round stay after its end.</summary>
    public bool KeepReplyFiles { get; init; }

    /// <summary>The threads that combine the updates.</summary>
    public int MaxDegreeOfParallelism { get; init; } = 1;

    /// <summary>Where files that outlive the round go.</summary>
    public required string JobDirectory { get; init; }

    /// <summary>Where the nodes' files of this round go; removed when the round has ended, unless they are kept.</summary>
    public required string Directory { get; init; }

    /// <summary>Files of the round before that this round's may overwrite.</summary>
    public SpareFiles? Spares { get; init; }
}
