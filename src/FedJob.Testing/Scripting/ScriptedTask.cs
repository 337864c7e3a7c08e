using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Testing.Scripting;

/// <summary>What a scripted node is asked to train.</summary>
public sealed record ScriptedTask
{
    /// <summary>The node that is asked.</summary>
    public required string NodeId { get; init; }

    /// <summary>The round, counted from 0; as the request says.</summary>
    public required int Round { get; init; }

    /// <summary>Which of the node's trainings this is, counted from 1 over all rounds and jobs; a repeated request is none.</summary>
    public required int Number { get; init; }

    /// <summary>The global parameters; disposed when the training has ended.</summary>
    public required ModelParameters Parameters { get; init; }

    /// <summary>The whole request.</summary>
    public required TrainRequest Request { get; init; }
}
