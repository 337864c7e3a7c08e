using System.Globalization;
using System.Numerics;

namespace FedJob.Abstractions;

/// <summary>
/// A training plan that learns by stochastic gradient descent: the author writes the model, its loss with gradient, and its evaluation.
/// Batches, epochs or a number of updates, reports, and the node's side of FedProx and SCAFFOLD (<see cref="GradientCorrection"/>) are
/// here, w = w - lr (g + mu (w - w_round) - d).
/// </summary>
/// <typeparam name="T">The element type of the parameters: <see cref="float"/> or <see cref="double"/>.</typeparam>
/// <remarks>
/// Of the training arguments it uses the learning rate, which must be set, the batch size (default: all samples in one), epochs or update
/// count, the maximum of batches an epoch, dry run, log interval and mu. Samples are shuffled anew each epoch by
/// <see cref="TrainingContext.Seed"/>.
/// </remarks>
public abstract class SgdTrainingPlan<T> : ITrainingPlan
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private ModelVariable<T>[] _variables = [];

    /// <inheritdoc/>
    public virtual ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken)
    {
        _variables = [.. CreateVariables(context)];
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ModelParameters GetParameters() => new(_variables.Select(v => KeyValuePair.Create(v.Name, v.ToTensor())));

    /// <inheritdoc/>
    public void SetParameters(ModelParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        foreach (ModelVariable<T> variable in _variables)
        {
            variable.Take(parameters[variable.Name]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        TrainingArgs arguments = context.TrainingArgs;
        double rate = arguments.LearningRate ?? throw new FedJobException(
            FedJobErrorCode.TrainingPlanFailed, "TrainingArgs.LearningRate is not set; set the learning rate of the local descent.");
        var correction = GradientCorrection.Begin(context, GetParameters());
        int updates = 0;
        int epochs = arguments.UpdateCount is null ? arguments.Epochs ?? 1 : int.MaxValue;
        int most = arguments.DryRun ? 1 : arguments.UpdateCount ?? int.MaxValue;
        var random = new Random(context.Seed);
        for (int epoch = 1; epoch <= epochs && updates < most; epoch++)
        {
            IReadOnlyList<int>[] batches = [.. Batches(context, epoch, random)];
            if (batches.Length == 0)
            {
                throw new FedJobException(
                    FedJobErrorCode.TrainingPlanFailed,
                    string.Create(CultureInfo.InvariantCulture, $"Epoch {epoch} has no batch to train on."));
            }

            for (int i = 0; i < batches.Length && updates < most; i++, updates++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                double loss = Descend(context.Dataset, batches[i], T.CreateChecked(rate), correction);
                Report(context, loss, epoch, batches, i);
            }
        }

        return ValueTask.FromResult(new TrainingResult { SampleCount = context.Samples.Count, LearningRate = rate, UpdateCount = updates });
    }

    /// <inheritdoc/>
    public abstract ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken);

    /// <summary>Makes the model's parameters; chance comes from <see cref="InitializationContext.Seed"/>.</summary>
    /// <param name="context">Model arguments, training arguments and seed.</param>
    /// <returns>The parameters, always the same names and shapes in the same order. The plan keeps them to compute with.</returns>
    protected abstract IEnumerable<ModelVariable<T>> CreateVariables(InitializationContext context);

    /// <summary>
    /// Computes loss and gradient of a batch at the current values, and writes the gradient to <see cref="ModelVariable{T}.Gradient"/>.
    /// </summary>
    /// <param name="dataset">The local data.</param>
    /// <param name="batch">The indices of the batch's samples; at least one.</param>
    /// <returns>The mean loss of the batch, for the reports.</returns>
    protected abstract double ComputeGradient(LocalDataset dataset, IReadOnlyList<int> batch);

    /// <summary>
    /// The batches of one epoch. Default: the training samples in a random order, cut by the batch size; the last one may be smaller.
    /// </summary>
    /// <param name="context">What the training got.</param>
    /// <param name="epoch">The epoch, counted from 1.</param>
    /// <param name="random">The source of chance, seeded for this training.</param>
    /// <returns>The batches in order.</returns>
    protected virtual IEnumerable<IReadOnlyList<int>> Batches(TrainingContext context, int epoch, Random random)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(random);
        int[] order = [.. context.Samples];
        random.Shuffle(order);
        IEnumerable<int[]> batches = order.Chunk(context.TrainingArgs.BatchSize ?? order.Length);
        return context.TrainingArgs is { MaximumBatches: { } most, UpdateCount: null } ? batches.Take(most) : batches;
    }

    private double Descend(LocalDataset dataset, IReadOnlyList<int> batch, T rate, GradientCorrection correction)
    {
        foreach (ModelVariable<T> variable in _variables)
        {
            variable.Gradient.Clear();
        }

        double loss = ComputeGradient(dataset, batch);
        foreach (ModelVariable<T> variable in _variables)
        {
            Span<T> values = variable.Values, gradient = variable.Gradient;
            correction.Apply<T>(variable.Name, values, gradient);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] -= rate * gradient[i];
            }
        }

        return loss;
    }

    private static void Report(TrainingContext context, double loss, int epoch, IReadOnlyList<int>[] batches, int index)
    {
        bool due = index == 0 || index == batches.Length - 1 || (index + 1) % context.TrainingArgs.LogInterval == 0;
        if (context.Progress is null || !due || !double.IsFinite(loss))
        {
            return;
        }

        context.Progress.Report(new MetricReport
        {
            Metrics = new Dictionary<string, double>(StringComparer.Ordinal) { ["Loss"] = loss },
            Epoch = context.TrainingArgs.UpdateCount is null ? epoch : null,
            Iteration = index + 1,
            TotalSamples = context.Samples.Count,
            BatchSamples = batches[index].Count,
            BatchCount = batches.Length,
            SamplesTrained = batches.Take(index + 1).Sum(b => b.Count),
        });
    }
}
