using System.Numerics;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Checkpoints;

/// <summary>What a breakpoint of Fed-BioMed keeps of a node's reply to a training round; an entry of <c>training_replies</c>.</summary>
public sealed record FedBioMedReply
{
    /// <summary>Who replied; <c>node_id</c>.</summary>
    public required string NodeId { get; init; }

    /// <summary>Whether the training succeeded; <c>success</c>.</summary>
    public required bool Success { get; init; }

    /// <summary>What the node said; <c>msg</c>. Empty when it said nothing.</summary>
    public string Text { get; init; } = string.Empty;

    /// <summary>The dataset it trained on; <c>dataset_id</c>.</summary>
    public string? DatasetId { get; init; }

    /// <summary>Under which id the node kept its state; <c>state_id</c>.</summary>
    public string? StateId { get; init; }

    /// <summary>The file with the node's parameters; <c>params_path</c>. <see langword="null"/> where it is missing.</summary>
    public string? ParametersFile { get; init; }

    /// <summary>What the node's optimizer was set to, e.g. its learning rates; <c>optimizer_args</c>. Data only.</summary>
    public JsonObject? OptimizerArgs { get; init; }

    /// <summary>What the node's optimizer told; <c>optim_aux_var</c>. Data only.</summary>
    public JsonObject? AuxiliaryVariables { get; init; }

    /// <summary>How many samples it trained on; <c>sample_size</c>.</summary>
    public long? SampleCount { get; init; }

    /// <summary>The encryption factor of a secure aggregation, integers of hundreds of digits; <c>encryption_factor</c>. Null without.</summary>
    public IReadOnlyList<BigInteger>? EncryptionFactor { get; init; }

    /// <summary>How long the training took at the node; <c>timing</c>.</summary>
    public TrainTiming? Timing { get; init; }

    /// <summary>From request to reply as the researcher saw it, in seconds; <c>timing.rtime_total</c>.</summary>
    public double? TotalSeconds { get; init; }
}
