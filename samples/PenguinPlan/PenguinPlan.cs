using FedJob.Abstractions;

namespace Penguins;

/// <summary>
/// Tells the species of a penguin from four measurements: softmax regression, trained by mini-batch gradient descent. The same compiled
/// class runs at the researcher's, where it makes the initial parameters, and at every node, where it sees that node's penguins only.
/// </summary>
public sealed class PenguinPlan : ITrainingPlan
{
    private const int DefaultBatchSize = 16;
    private const double DefaultLearningRate = 0.1;

    private SoftmaxRegression _model = new(PenguinTable.Species.Length, PenguinTable.Features.Length);

    // The constructor does nothing; the model is built here. Chance comes from the seeds in the contexts, so that every run can be
    // repeated.
    public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken)
    {
        _model = SoftmaxRegression.CreateRandom(PenguinTable.Species.Length, PenguinTable.Features.Length, new Random(context.Seed));
        return ValueTask.CompletedTask;
    }

    // Create copies, so what was handed out does not change when the training goes on.
    public ModelParameters GetParameters() => new()
    {
        ["weight"] = ParameterTensor.Create<float>(_model.Weight, PenguinTable.Species.Length, PenguinTable.Features.Length),
        ["bias"] = ParameterTensor.Create<float>(_model.Bias, PenguinTable.Species.Length),
    };

    // The parameters may be a view of a file that is closed after this call, so their values are copied out.
    public void SetParameters(ModelParameters parameters)
    {
        if (parameters.DescribeDifference(GetParameters()) is { } difference)
        {
            throw new ArgumentException($"These parameters are not of this model: {difference}.", nameof(parameters));
        }

        parameters["weight"].AsSpan<float>().CopyTo(_model.Weight);
        parameters["bias"].AsSpan<float>().CopyTo(_model.Bias);
    }

    public ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        TrainingArgs args = context.TrainingArgs;
        PenguinTable penguins = PenguinTable.Read(context.Dataset, context.Samples);
        SoftmaxRegression received = _model.Copy(); // FedProx pulls back towards what the researcher sent
        double learningRate = args.LearningRate ?? DefaultLearningRate;

        // An epoch is a number of batches; a training is a number of batches, too, however it was asked for.
        int batchSize = Math.Min(args.BatchSize ?? DefaultBatchSize, penguins.Count);
        int batchesPerEpoch = Math.Min((penguins.Count + batchSize - 1) / batchSize, args.MaximumBatches ?? int.MaxValue);
        long batches = args.DryRun ? 1 : args.UpdateCount ?? (long)(args.Epochs ?? 1) * batchesPerEpoch;

        var random = new Random(context.Seed);
        int[] order = [.. Enumerable.Range(0, penguins.Count)];
        var seen = new HashSet<int>();
        for (long done = 0; done < batches; done++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int batch = (int)(done % batchesPerEpoch);
            if (batch == 0)
            {
                random.Shuffle(order);
            }

            int start = batch * batchSize;
            int end = Math.Min(start + batchSize, order.Length);
            double loss = _model.Step(penguins, order.AsSpan(start..end), learningRate, args.FedProxMu ?? 0, received);
            seen.UnionWith(order[start..end]);

            // The first and the last batch are always reported, the others at the interval the researcher asked for.
            int iteration = batch + 1;
            if (iteration == 1 || iteration == batchesPerEpoch || iteration % args.LogInterval == 0 || done == batches - 1)
            {
                context.Progress?.Report(new MetricReport
                {
                    Metrics = new Dictionary<string, double> { ["Loss"] = loss },
                    Epoch = args.UpdateCount is null ? (int)(done / batchesPerEpoch) + 1 : null,
                    Iteration = iteration,
                    BatchCount = batchesPerEpoch,
                    BatchSamples = end - start,
                    SamplesTrained = end,
                    TotalSamples = Math.Min((long)batchesPerEpoch * batchSize, penguins.Count),
                });
            }
        }

        return ValueTask.FromResult(new TrainingResult { SampleCount = seen.Count, LearningRate = learningRate });
    }

    public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        PenguinTable penguins = PenguinTable.Read(context.Dataset, context.Samples);
        Span<float> probabilities = stackalloc float[PenguinTable.Species.Length];
        int correct = 0;
        double loss = 0;
        for (int row = 0; row < penguins.Count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            loss += _model.Predict(penguins.GetMeasurements(row), probabilities, penguins.GetSpecies(row));
            correct += SoftmaxRegression.MostLikely(probabilities) == penguins.GetSpecies(row) ? 1 : 0;
        }

        return ValueTask.FromResult(new EvaluationResult
        {
            Metrics = new Dictionary<string, double> { ["ACCURACY"] = (double)correct / penguins.Count, ["Loss"] = loss / penguins.Count },
            SampleCount = penguins.Count,
        });
    }
}
