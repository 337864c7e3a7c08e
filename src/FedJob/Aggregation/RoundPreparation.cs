namespace FedJob.Aggregation;

/// <summary>What a rule wants sent with a training round's requests, beside what the caller of the round gives.</summary>
public sealed record RoundPreparation
{
    /// <summary>Nothing.</summary>
    public static RoundPreparation None { get; } = new();

    /// <summary>Arguments of the nodes' side of the rule. A name the caller uses too is refused. Default: none.</summary>
    public AggregatorArguments AggregatorArguments { get; init; } = AggregatorArguments.None;

    /// <summary>What the modules of the researcher's optimizer tell those of the nodes. A module the caller uses too is refused. Default: nothing.</summary>
    public AuxiliaryVariables AuxiliaryVariables { get; init; } = AuxiliaryVariables.None;
}
