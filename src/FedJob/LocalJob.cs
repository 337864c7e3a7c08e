using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob;

/// <summary>
/// The same plan on local data without any network, to compare with a federated training: pooled data, or one node's alone. One training or
/// evaluation at a time, each with a result or an exception.
/// </summary>
public sealed class LocalJob : IAsyncDisposable
{
    private readonly PreparedPlan _plan;
    private readonly LocalJobOptions _options;
    private readonly ILogger _logger;
    private readonly RoundGate _gate;
    private int _disposed;

    private LocalJob(PreparedPlan plan, LocalJobOptions options, ILogger logger)
    {
        (_plan, _options, _logger) = (plan, options, logger);
        _gate = new RoundGate($"{plan.ClassName} (local)", "training or evaluation", typeof(LocalJob));
    }

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
        options.Validate();
        options = options.Copy();
        ILoggerFactory factory = loggers ?? NullLoggerFactory.Instance;
        PreparedPlan plan = await options.TrainingPlan.PrepareAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (plan.Instance is null)
            {
                throw PlanStart.Failed(plan, "is a Python plan, which only nodes can run; a local job needs a .NET plan", null);
            }

            await PlanStart.InitializeAsync(
                plan, options.ModelArgs, options.TrainingArgs, options.Seed, options.InitialParameters, factory, cancellationToken)
                .ConfigureAwait(false);
            return new LocalJob(plan, options, factory.CreateLogger(plan.ClassName));
        }
        catch
        {
            await plan.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Trains from the plan's current parameters.</summary>
    /// <param name="cancellationToken">Ends the training; the plan keeps whatever parameters it had come to.</param>
    /// <returns>The trained parameters, copied, what the plan says about the training, and what it reported meanwhile.</returns>
    /// <exception cref="ArgumentException">The training arguments leave nothing to train.</exception>
    /// <exception cref="TrainingPlanException">The plan threw; its exception is inside.</exception>
    /// <exception cref="FedJobException">
    /// <see cref="LocalJobOptions.Progress"/> threw (<see cref="FedJobErrorCode.ExtensionFailed"/>).
    /// </exception>
    /// <exception cref="InvalidOperationException">A training or an evaluation of this job is running.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed, before the call or while it trained.</exception>
    public async Task<LocalJobResult> TrainAsync(CancellationToken cancellationToken = default)
    {
        ITrainingPlan plan = TrainingPlan;
        _options.TrainingArgs.Validate(training: true);
        var reports = new ReportRecorder(_options.Progress);
        return await GuardAsync(async stop =>
        {
            TrainingResult result = await plan.TrainAsync(
                new TrainingContext
                {
                    Dataset = _options.Dataset,
                    Samples = _options.Samples ?? [.. Enumerable.Range(0, _options.Dataset.SampleCount)],
                    TrainingArgs = _options.TrainingArgs,
                    Round = 0,
                    Seed = _options.TrainingArgs.RandomSeed ?? _options.Seed,
                    Progress = reports,
                    Logger = _logger,
                },
                stop).ConfigureAwait(false);
            reports.ThrowIfFailed();
            return new LocalJobResult { Parameters = plan.GetParameters(), Training = result, Metrics = reports.ToArray() };
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Evaluates parameters on local data.</summary>
    /// <param name="parameters">The parameters, which the plan then keeps; <see langword="null"/> for the plan's current ones.</param>
    /// <param name="dataset">The data; <see langword="null"/> for the job's own.</param>
    /// <param name="samples">The samples to evaluate on, counted from 0; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the evaluation.</param>
    /// <returns>The metrics.</returns>
    /// <exception cref="ArgumentException">No sample is named, or one that the data does not hold.</exception>
    /// <exception cref="TrainingPlanException">The plan threw, or the parameters do not fit it.</exception>
    /// <exception cref="InvalidOperationException">A training or an evaluation of this job is running.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed, before the call or while it evaluated.</exception>
    public async Task<EvaluationResult> EvaluateAsync(
        ModelParameters? parameters = null,
        LocalDataset? dataset = null,
        IReadOnlyList<int>? samples = null,
        CancellationToken cancellationToken = default)
    {
        ITrainingPlan plan = TrainingPlan;
        LocalDataset data = dataset ?? _options.Dataset;
        LocalJobOptions.CheckSamples(samples, data, nameof(samples));
        return await GuardAsync(async stop =>
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
                stop).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends what is running and lets the plan go. May be called more than once.</summary>
    /// <returns>A task that ends when all is released.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _gate.CloseAsync().ConfigureAwait(false);
            await _plan.DisposeAsync().ConfigureAwait(false);
            _gate.Dispose();
        }
    }

    private Task<T> GuardAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) => _gate.RunAsync(
        async stop =>
        {
            try
            {
                // A plan may compute for long before it first awaits anything: not on the caller's thread.
                return await Task.Run(() => call(stop), stop).ConfigureAwait(false);
            }
            catch (Exception thrown) when (PlanStart.IsPlans(thrown, stop))
            {
                throw PlanStart.Failed(_plan, $"threw {thrown.GetType().Name}: {thrown.Message}", thrown);
            }
        },
        cancellationToken);
}
