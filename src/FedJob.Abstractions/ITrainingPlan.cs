namespace FedJob.Abstractions;

/// <summary>
/// What is trained: a model, how it learns from local data, and how it is evaluated. Write it in its own assembly with a public
/// parameterless constructor; the same compiled bytes run on the researcher's side (to make the initial parameters) and on every node.
/// </summary>
/// <remarks>
/// A node makes one instance per request, calls <see cref="InitializeAsync"/> first, then <see cref="RestoreStateAsync"/> if it kept state,
/// <see cref="SetParameters"/>, then trains or evaluates, and lets the instance go; one call runs at a time. An instance that is
/// <see cref="IDisposable"/> or <see cref="IAsyncDisposable"/> is disposed. Keep no static state: the assembly is unloaded after each
/// request.
/// </remarks>
public interface ITrainingPlan
{
    /// <summary>Builds the model. Chance must come from <see cref="InitializationContext.Seed"/>, so that runs can be repeated.</summary>
    /// <param name="context">Model arguments, training arguments and seed.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>A task that ends when the model is built.</returns>
    ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken);

    /// <summary>The model's current parameters, always the same names, element types and shapes in the same order.</summary>
    /// <returns>A copy or a view that later training does not change.</returns>
    ModelParameters GetParameters();

    /// <summary>Replaces the model's parameters.</summary>
    /// <param name="parameters">Parameters of the model's names, element types and shapes; valid only during the call: copy what is
    /// kept.</param>
    void SetParameters(ModelParameters parameters);

    /// <summary>Trains on local data, from the current parameters.</summary>
    /// <param name="context">The local data, which of its samples to train on, and where to report progress.</param>
    /// <param name="cancellationToken">Ends the training early; look at it at least once a batch.</param>
    /// <returns>What the training amounted to.</returns>
    ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken);

    /// <summary>Evaluates the current parameters on local data.</summary>
    /// <param name="context">The local data and which of its samples to evaluate on.</param>
    /// <param name="cancellationToken">Ends the evaluation early.</param>
    /// <returns>The metrics.</returns>
    ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken);

    /// <summary>Writes what this node's plan wants to find again in the next round (e.g. optimizer momentum). Default: nothing.</summary>
    /// <param name="destination">Where to write; the node keeps it under the state id of the reply.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>A task that ends when all is written.</returns>
    ValueTask SaveStateAsync(Stream destination, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Reads what <see cref="SaveStateAsync"/> wrote in an earlier round of the same job. Not called when nothing was written.
    /// </summary>
    /// <param name="source">What was written.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>A task that ends when all is read.</returns>
    ValueTask RestoreStateAsync(Stream source, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
