using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob;

/// <summary>The same plan on local data without any network, to compare with a federated training: pooled data, or one node's alone.</summary>
public sealed class LocalJob : IAsyncDisposable
{
    private readonly PreparedPlan _plan;
    private readonly LocalJobOptions _options;
    private readonly ILogger _logger;
    private int _disposed;

    private LocalJob(PreparedPlan plan, LocalJobOptions options, ILogger logger) => (_plan, _options, _logger) = (plan, options, logger);

    /// <summary>The plan's instance, initialised; after a training it holds the trained parameters.</summary>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public ITrainingPlan TrainingPlan
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            return _plan.Instance!;
        }
    }

    /// <summary>Prepares the plan and builds its model.</summary>
    /// <param name="options">What the training is made of.</param>
    /// <param name="loggers">Where the plan logs. Default: nowhere.</param>
    /// <param name="cancellationToken">Ends the call; nothing is left behind.</param>
    /// <returns>The job.</returns>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    /// <exception cref="TrainingPlanException">The plan cannot be found, loaded or run.</exception>
    public static async Task<LocalJob> CreateAsync(
        LocalJobOptions options, ILoggerFactory? loggers = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(options.TrainingPlan);
        ArgumentNullException.ThrowIfNull(options.Dataset);
        ArgumentNullException.ThrowIfNull(options.TrainingArgs);
        options.TrainingArgs.Validate(training: false);
        ILoggerFactory factory = loggers ?? NullLoggerFactory.Instance;
        PreparedPlan plan = await options.TrainingPlan.PrepareAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (plan.Instance is null)
            {
                throw PlanStart.Failed(plan, "is a Python plan, which only nodes can run; a local job needs a .NET plan", null);
            }

            await PlanStart.InitializeAsync(
                plan, options.ModelArgs, options.TrainingArgs, options.Seed, options.InitialParameters, factory, cancellationToken).ConfigureAwait(false);
            return new LocalJob(plan, options, factory.CreateLogger(plan.ClassName));
        }
        catch
        {
            await plan.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Trains from the plan's current parameters.</summary>
    /// <param name="cancellationToken">Ends the training.</param>
    /// <returns>The trained parameters, copied, and what the plan says about the training.</returns>
    /// <exception cref="TrainingPlanException">The plan threw; its exception is inside.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public async Task<LocalJobResult> TrainAsync(CancellationToken cancellationToken = default)
    {
        _options.TrainingArgs.Validate(training: true);
        ITrainingPlan plan = TrainingPlan;
        return await GuardAsync(async () =>
        {
            TrainingResult result = await plan.TrainAsync(
                new TrainingContext
                {
                    Dataset = _options.Dataset,
                    Samples = _options.Samples ?? [.. Enumerable.Range(0, _options.Dataset.SampleCount)],
                    TrainingArgs = _options.TrainingArgs,
                    Round = 0,
                    Seed = _options.TrainingArgs.RandomSeed ?? _options.Seed,
                    Progress = _options.Progress,
                    Logger = _logger,
                },
                cancellationToken).ConfigureAwait(false);
            return new LocalJobResult { Parameters = plan.GetParameters(), Training = result };
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Evaluates parameters on local data.</summary>
    /// <param name="parameters">The parameters; <see langword="null"/> for the plan's current ones.</param>
    /// <param name="dataset">The data; <see langword="null"/> for the job's own.</param>
    /// <param name="samples">The samples to evaluate on; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the evaluation.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="TrainingPlanException">The plan threw, or the parameters do not fit it.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public async Task<EvaluationResult> EvaluateAsync(
        ModelParameters? parameters = null, LocalDataset? dataset = null, IReadOnlyList<int>? samples = null, CancellationToken cancellationToken = default)
    {
        ITrainingPlan plan = TrainingPlan;
        LocalDataset data = dataset ?? _options.Dataset;
        return await GuardAsync(async () =>
        {
            if (parameters is not null)
            {
                PlanStart.SetParameters(_plan, parameters);
            }

            return await plan.EvaluateAsync(
                new EvaluationContext
                {
                    Dataset = data,
                    Samples = samples ?? [.. Enumerable.Range(0, data.SampleCount)],
                    TrainingArgs = _options.TrainingArgs,
                    Round = 0,
                    Logger = _logger,
                },
                cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lets the plan go. May be called more than once.</summary>
    /// <returns>A task that ends when all is released.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _plan.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception thrown) when (PlanStart.IsPlans(thrown, cancellationToken))
        {
            throw PlanStart.Failed(_plan, $"threw {thrown.GetType().Name}: {thrown.Message}", thrown);
        }
    }
}
