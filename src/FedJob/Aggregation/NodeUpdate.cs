using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>What one node contributes to a round: its parameters after local training. They fit the model and are finite.</summary>
public sealed record NodeUpdate
{
    /// <summary>The node.</summary>
    public required string NodeId { get; init; }

    /// <summary>The samples it trained on, at least 1.</summary>
    public required long SampleCount { get; init; }

    /// <summary>Its parameters after training, usually views of a mapped file, valid during the aggregation.</summary>
    public required ModelParameters Parameters { get; init; }

    /// <summary>The training arguments it was sent. Default: none set.</summary>
    public TrainingArgs TrainingArgs { get; init; } = new();

    /// <summary>What its optimizer used, e.g. <c>{"lr": 0.1}</c> or <c>{"lr": {"layer": 0.1}}</c>. Default: empty.</summary>
    public JsonObject OptimizerArgs { get; init; } = [];

    /// <summary>What the modules of its optimizer share with the researcher: module -> state -> value; valid during the aggregation. Default: empty.</summary>
    public ParameterMap AuxiliaryVariables { get; init; } = ParameterMap.Empty;
}
