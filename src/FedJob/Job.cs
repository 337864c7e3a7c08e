using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Journal;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using FedJob.Rounds;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <summary>
/// One federated training: a plan, the data it is trained on, and the global parameters that walk from round to round. Rounds run one at a time; a
/// round that fails or is cancelled leaves the job as it was. Make jobs with <see cref="FedJobClient.CreateJobAsync"/>.
/// </summary>
/// <example><code>
/// await using Job job = await client.CreateJobAsync(new JobOptions { TrainingPlan = plan, Data = data, TrainingArgs = new() { Epochs = 1 } });
/// await foreach (RoundResult round in job.RunAsync(rounds: 20, new FedAvg()))
/// {
///     logger.LogInformation("Round {Round}: {Outcome}", round.Round, round.Outcome);
/// }
/// </code></example>
public sealed partial class Job : IAsyncDisposable
{
    private readonly PreparedPlan _plan;
    private readonly JsonObject _modelArgs;
    private readonly RoundPolicy _policy;
    private readonly JobDirectory _directory;
    private readonly SpareFiles _spares;
    private readonly int _seed;
    private readonly bool _keepReplyFiles;
    private readonly int _maxDegreeOfParallelism;
    private readonly RoundRunner _runner;
    private readonly GlobalParametersPublisher _publisher;
    private readonly Broadcast<RoundEvent> _events = new();
    private readonly ILogger _logger;
    private readonly RoundGate _gate;
    private readonly JobJournal _journal;
    private readonly TimeProvider _timeProvider;
    private readonly MetricRecorder _recorder;
    private readonly IAggregator _aggregator;
    private readonly INodeSampler _sampler;
    private readonly SecureAggregationArgs? _secureAggregation;
    private readonly RoundHistory _history = new();
    private IAggregator _lastAggregator;
    private INodeSampler _lastSampler;
    private FederatedDataset _data;
    private TrainingArgs _trainingArgs;
    private GlobalParameters _parameters;
    private string? _auxiliaryVariablesPath;
    private int _disposed;

    private Job(IRequests requests, IRepository repository, JobOptions options, JobDirectory directory, JobStart start, JobJournal journal, ILoggerFactory loggers, TimeProvider timeProvider)
    {
        (Requests, Repository, _data, _timeProvider) = (requests, repository, options.Data, timeProvider);
        (Id, _plan, TrainingPlanUrl, _publisher, _parameters) = (start.JobId, start.Plan, start.PlanUrl, start.Publisher, start.Parameters);
        (_directory, _modelArgs, _policy, _seed) = (directory, options.ModelArgs, options.RoundPolicy, options.Seed);
        (_aggregator, _sampler, _secureAggregation) = (options.Aggregator, options.Sampler, options.SecureAggregation);
        (_lastAggregator, _lastSampler) = (_aggregator, _sampler);
        (_keepReplyFiles, _journal) = (options.KeepReplyFiles, journal);
        _maxDegreeOfParallelism = options.MaxDegreeOfParallelism;
        _gate = new RoundGate(Id);
        _spares = new SpareFiles(Path.Combine(directory.Path, SpareFiles.FolderOf(Id)), loggers.CreateLogger<SpareFiles>());
        (_trainingArgs, TrainingPlanFile) = (options.TrainingArgs, start.PlanFile);
        _logger = loggers.CreateLogger<Job>();
        Metrics = new MetricStore(options.MetricCapacity);
        _recorder = new MetricRecorder(Metrics, requests.SubscribeToMetrics(Id), OnMetric);
        _runner = new RoundRunner(requests, repository, start.Publisher, start.Uploads, journal, _events, loggers.CreateLogger<RoundRunner>(), timeProvider);
    }

    /// <summary>The job's id.</summary>
    public string Id { get; }

    /// <summary>The nodes of the job, in ordinal order.</summary>
    public IReadOnlyList<string> Nodes => Data.Nodes;

    /// <summary>
    /// The dataset of each node. Between rounds nodes may leave and come: who leaves keeps its state id here and finds its state again when it comes back.
    /// </summary>
    /// <exception cref="InvalidOperationException">Set while a round of this job is running.</exception>
    /// <exception cref="ObjectDisposedException">Set after the job was disposed.</exception>
    public FederatedDataset Data
    {
        get => _data;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _gate.Change("its data", () => (_data, _isChanged) = (value, true));
        }
    }

    /// <summary>What the job asks nodes with.</summary>
    public IRequests Requests { get; }

    /// <summary>Where the job's files travel through.</summary>
    public IRepository Repository { get; }

    /// <summary>
    /// The researcher's own instance of the plan, initialised; it holds the initial parameters, not those of later rounds. <see langword="null"/> for a
    /// Python plan, which only nodes can run.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public ITrainingPlan? TrainingPlan
    {
        get
        {
            ThrowIfDisposed();
            return _plan.Instance;
        }
    }

    /// <summary>The full type name of the plan.</summary>
    public string TrainingPlanName => _plan.ClassName;

    /// <summary>The plan's file as nodes get it, in the job's directory.</summary>
    public string TrainingPlanFile { get; }

    /// <summary>Where nodes download that file.</summary>
    public Uri TrainingPlanUrl { get; }

    /// <summary>The SHA-256 of that file, which a node's owner approves: 64 lower-case hexadecimal digits.</summary>
    public string TrainingPlanSha256 => _plan.Digest.Hex;

    /// <summary>The training arguments of the next round.</summary>
    /// <exception cref="ArgumentException">A rule between arguments is broken, or a node would refuse one.</exception>
    /// <exception cref="ObjectDisposedException">Set after the job was disposed.</exception>
    public TrainingArgs TrainingArgs
    {
        get => _trainingArgs;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            ThrowIfDisposed();
            value.Validate(training: false);
            WireCheck.Check(value, [], nameof(TrainingArgs));
            (_trainingArgs, _isChanged) = (value, true);
        }
    }

    /// <summary>The next round, counted from 0: how many training rounds were committed.</summary>
    public int Round { get; private set; }

    /// <summary>Under which id each node keeps its state.</summary>
    public NodeStateAgent NodeStates { get; } = new();

    /// <summary>Makes a job: prepares the plan, uploads it, makes and uploads the initial parameters. It is whole or not there.</summary>
    /// <param name="requests">What nodes are asked with.</param>
    /// <param name="repository">Where files travel through.</param>
    /// <param name="options">What the job is made of.</param>
    /// <param name="loggers">Where the job logs.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Ends the call; nothing is left behind.</param>
    /// <returns>The job, before its first round.</returns>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    /// <exception cref="TrainingPlanException">The plan cannot be found, loaded or run.</exception>
    /// <exception cref="RepositoryException">The repository could not be reached or refused.</exception>
    public static async Task<Job> CreateAsync(
        IRequests requests, IRepository repository, JobOptions options, ILoggerFactory loggers, TimeProvider timeProvider, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        ArgumentNullException.ThrowIfNull(timeProvider);
        options.Validate();
        options = options.Copy();
        JobDirectory directory = JobDirectory.Create(options.WorkDirectory, loggers.CreateLogger<Job>());
        try
        {
            JobStart start = await JobStart.PrepareAsync(
                requests.ResearcherId, repository, options, directory, loggers, cancellationToken).ConfigureAwait(false);
            Job job = await BeginAsync(requests, repository, options, directory, start, loggers, timeProvider).ConfigureAwait(false);
            job.LogCreated(job.Id, job.TrainingPlanName, job.Nodes.Count);
            return job;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Makes the journal of a job that is new in its directory, and the job.</summary>
    private static async Task<Job> BeginAsync(
        IRequests requests, IRepository repository, JobOptions options, JobDirectory directory, JobStart start, ILoggerFactory loggers, TimeProvider timeProvider)
    {
        var journal = JobJournal.Create(directory.Path, options.MetricCapacity, loggers.CreateLogger<JobJournal>());
        var job = new Job(requests, repository, options, directory, start, journal, loggers, timeProvider);
        try
        {
            await job.SaveAsync().ConfigureAwait(false);
            return job;
        }
        catch
        {
            await job.DisposeAsync().ConfigureAwait(false);
            JobJournal.Delete(directory.Path);
            throw;
        }
    }

    /// <summary>The metrics that nodes reported for this job.</summary>
    public MetricStore Metrics { get; }

    /// <summary>Streams what happens in the job's rounds.</summary>
    /// <returns>The live stream; it ends with the job.</returns>
    public Subscription<RoundEvent> SubscribeToEvents() => _events.Subscribe(_ => true);

    /// <summary>Streams the metrics that nodes report for this job.</summary>
    /// <returns>The live stream.</returns>
    public Subscription<NodeMetric> SubscribeToMetrics() => Requests.SubscribeToMetrics(Id);

    /// <summary>
    /// Ends the running round, lets the plan go and removes the job's temporary directory; a directory the caller named stays. May be called more
    /// than once.
    /// </summary>
    /// <returns>A task that ends when all is released.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _gate.CloseAsync().ConfigureAwait(false);
        _spares.Close();
        _events.Dispose();
        await _recorder.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _journal.DisposeAsync().ConfigureAwait(false);
            await _plan.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _directory.Dispose();
            _gate.Dispose();
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);

    [LoggerMessage(1000, LogLevel.Information, "Job {JobId} made: {Plan} on {Nodes} node(s)")]
    private partial void LogCreated(string jobId, string plan, int nodes);
}
