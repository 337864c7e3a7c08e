using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Aggregation;

/// <summary>
/// How the updates of a round become the new global parameters. A rule sees the updates in ordinal order of their node ids and combines them block
/// by block, so that its memory does not grow with the number of nodes and the same updates give the same bits.
/// </summary>
/// <remarks>
/// Rules combine floating-point tensors. Integers become the sample-weighted mean rounded to the nearest (ties to even), booleans the sample-weighted
/// majority (a tie is true) under every rule: they are counters and flags, which no rule of the literature speaks of. A result that is NaN or infinite is
/// refused with its tensor and index.
/// </remarks>
public interface IAggregator
{
    /// <summary>The rule's name as the literature spells it, e.g. <c>FedAvg</c>.</summary>
    string Name { get; }

    /// <summary>
    /// What the rule changes in the training arguments of its rounds, e.g. <c>fedprox_mu</c>. Called when a job is made and before each of its training
    /// rounds, so that arguments the rule cannot work with are refused before anything is sent. Default: nothing.
    /// </summary>
    /// <param name="trainingArgs">The arguments as the job has them.</param>
    /// <returns>The arguments as nodes get them.</returns>
    /// <exception cref="ArgumentException">The rule cannot work with these arguments; the message names argument, value and what is needed.</exception>
    TrainingArgs AdjustTrainingArgs(TrainingArgs trainingArgs) => trainingArgs;

    /// <summary>
    /// What the rule wants the participants of a training round to get with their requests. Called once a round, after sampling and before anything is sent;
    /// it changes nothing the rule remembers. Default: nothing, which costs nothing.
    /// </summary>
    /// <param name="context">The participants and the global parameters.</param>
    /// <returns>Arguments and auxiliary variables; nobody gets what is another's.</returns>
    /// <exception cref="AggregationException">The rule cannot run a round with these participants.</exception>
    RoundPreparation PrepareRound(PreparationContext context) => RoundPreparation.None;

    /// <summary>
    /// Refuses a number of nodes with which the rule cannot work. Called when the job is made, with all its nodes; when a round is asked for; and with the
    /// participants chosen, before anything is sent to them. Fewer may reply: what is left is refused by <see cref="BeginRound"/>. Default: any number will do.
    /// </summary>
    /// <param name="participants">The number of nodes, at least 1.</param>
    /// <exception cref="AggregationException">The rule needs more nodes; the message names the bound.</exception>
    void Validate(int participants)
    {
    }

    /// <summary>Prepares to combine one round's updates: e.g. computes each node's weight.</summary>
    /// <param name="context">The round's updates and the global parameters they started from.</param>
    /// <returns>What combines the blocks of this round.</returns>
    /// <exception cref="AggregationException">The rule cannot combine these updates.</exception>
    IRoundAggregation BeginRound(AggregationContext context);

    /// <summary>
    /// Whether the rule combines encrypted updates; then every round with secure aggregation gives them to <see cref="CombineEncryptedAsync"/>. A rule
    /// that does not is refused before anything is sent. Default: <see langword="false"/>.
    /// </summary>
    bool AcceptsEncrypted => false;

    /// <summary>Combines and decrypts one round's encrypted updates.</summary>
    /// <param name="context">The round's updates and the global parameters they started from.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The new global parameters, with the names, element types and shapes of the old ones.</returns>
    /// <exception cref="AggregationException">The rule cannot combine these updates.</exception>
    Task<ModelParameters> CombineEncryptedAsync(EncryptedAggregationContext context, CancellationToken cancellationToken) =>
        throw new AggregationException($"{Name} does not combine encrypted updates; use a rule that declares AcceptsEncrypted, or a round without secure aggregation.");

    /// <summary>
    /// What the rule remembers from round to round: for checkpoints, and to be taken back where a round fails after its combination. Default: nothing.
    /// </summary>
    /// <returns>The state; not changed afterwards.</returns>
    ParameterMap SaveState() => ParameterMap.Empty;

    /// <summary>Takes up the state that <see cref="SaveState"/> gave, in this process or another; an empty one is that of a new rule.</summary>
    /// <param name="state">The state; its tensors are valid during the call.</param>
    /// <exception cref="AggregationException">The state is none of this rule.</exception>
    void RestoreState(ParameterMap state)
    {
    }
}
