using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Loop;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;

namespace FedJob.Checkpoints;

/// <summary>All of a job that must outlive its process, at the border between two rounds. Files it names lie outside the job and are only read.</summary>
internal sealed record JobState
{
    public required string JobId { get; init; }

    /// <summary>The next round, counted from 0.</summary>
    public required int Round { get; init; }

    /// <summary>The plan's file as nodes get it.</summary>
    public required ReadOnlyMemory<byte> TrainingPlan { get; init; }

    /// <summary><c>.zip</c> for a bundle, <c>.py</c> for a Python module.</summary>
    public required string TrainingPlanExtension { get; init; }

    public required string TrainingPlanClass { get; init; }

    public required TrainingArgs TrainingArgs { get; init; }

    public required JsonObject ModelArgs { get; init; }

    public required FederatedDataset Data { get; init; }

    public required int Seed { get; init; }

    public required IReadOnlyDictionary<string, string> StateIds { get; init; }

    /// <summary>The file with the global parameters of the next round.</summary>
    public required string ParametersPath { get; init; }

    /// <summary>The file with what nodes' optimizers told in the last training round; <see langword="null"/> without one.</summary>
    public string? AuxiliaryVariablesPath { get; init; }

    /// <summary>The kept parameter files of the last training round's nodes, by node id.</summary>
    public IReadOnlyDictionary<string, string> ReplyFiles { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The rounds that ended well. Their <see cref="RoundResult.ParametersPath"/> is <see cref="ParametersPath"/>, a full path, or a bare name: that of a
    /// file in the directory the job had.
    /// </summary>
    public IReadOnlyList<RoundResult> History { get; init; } = [];

    public IReadOnlyList<NodeMetric> Metrics { get; init; } = [];

    /// <summary>The name of the rule whose state this is; <see langword="null"/> where none is kept.</summary>
    public string? AggregatorName { get; init; }

    public ParameterMap AggregatorState { get; init; } = ParameterMap.Empty;

    /// <summary>The type name of the sampler whose state this is, to be compared, never to be resolved; <see langword="null"/> where none is kept.</summary>
    public string? SamplerName { get; init; }

    public ParameterMap SamplerState { get; init; } = ParameterMap.Empty;

    /// <summary>What the loop around rounds remembers. The file it names is <see cref="ParametersPath"/> or another one outside the job.</summary>
    public LoopState Loop { get; init; } = LoopState.Empty;

    /// <summary>What was repaired or is missing where the state was read; told in the log when the job is taken up.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
