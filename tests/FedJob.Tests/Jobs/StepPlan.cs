using FedJob.Abstractions;

namespace FedJob.Tests.Jobs;

/// <summary>A plan that reports two losses, and that a test can hold while it trains.</summary>
public sealed class StepPlan : ITrainingPlan
{
    private readonly MeanPlan _model = new();

    public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource? Gate { get; set; }

    public bool SwallowsProgress { get; set; }

    public bool Initialized { get; private set; }

    public int Trainings { get; private set; }

    public ValueTask InitializeAsync(InitializationContext context, CancellationToken cancellationToken)
    {
        Initialized = true;
        return _model.InitializeAsync(context, cancellationToken);
    }

    public ModelParameters GetParameters() => _model.GetParameters();

    public void SetParameters(ModelParameters parameters) => _model.SetParameters(parameters);

    public async ValueTask<TrainingResult> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        Trainings++;
        Begun.TrySetResult();
        await (Gate?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask);
        try
        {
            Report(context, 1, 0.5);
            Report(context, 2, 0.25);
        }
        catch (FedJobException) when (SwallowsProgress)
        {
            // A careless plan: its job must notice all the same.
        }

        return await _model.TrainAsync(context, cancellationToken);
    }

    public ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) =>
        _model.EvaluateAsync(context, cancellationToken);

    private static void Report(TrainingContext context, int iteration, double loss) => context.Progress?.Report(new MetricReport
    {
        Metrics = new Dictionary<string, double> { ["Loss"] = loss },
        Epoch = 1,
        Iteration = iteration,
        TotalSamples = 4,
        BatchSamples = 2,
        BatchCount = 2,
        SamplesTrained = 2 * iteration,
    });
}
