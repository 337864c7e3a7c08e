using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Parameters;
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
    private readonly Uri _planUrl;
    private readonly JsonObject _modelArgs;
    private readonly RoundPolicy _policy;
    private readonly JobDirectory _directory;
    private readonly int _seed;
    private readonly RoundRunner _runner;
    private readonly GlobalParametersPublisher _publisher;
    private readonly Broadcast<RoundEvent> _events = new();
    private readonly ILogger _logger;
    private TrainingArgs _trainingArgs;
    private GlobalParameters _parameters;
    private readonly RoundGate _gate;
    private int _disposed;

    private Job(IRequests requests, IRepository repository, JobOptions options, JobDirectory directory, JobStart start, ILoggerFactory loggers, TimeProvider timeProvider)
    {
        (Requests, Repository, Data) = (requests, repository, options.Data);
        (Id, _plan, _planUrl, _publisher, _parameters) = (start.JobId, start.Plan, start.PlanUrl, start.Publisher, start.Parameters);
        (_directory, _modelArgs, _policy, _seed) = (directory, options.ModelArgs, options.RoundPolicy, options.Seed);
        _gate = new RoundGate(Id);
        (_trainingArgs, TrainingPlanFile) = (options.TrainingArgs, start.PlanFile);
        _logger = loggers.CreateLogger<Job>();
        _runner = new RoundRunner(requests, repository, start.Publisher, _events, loggers.CreateLogger<RoundRunner>(), timeProvider);
    }

    /// <summary>The job's id.</summary>
    public string Id { get; }

    /// <summary>The nodes of the job, in ordinal order.</summary>
    public IReadOnlyList<string> Nodes => Data.Nodes;

    /// <summary>The dataset of each node.</summary>
    public FederatedDataset Data { get; }

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

    /// <summary>The SHA-256 of that file, which a node's owner approves: 64 lower-case hexadecimal digits.</summary>
    public string TrainingPlanSha256 => _plan.Digest.Hex;

    /// <summary>The training arguments of the next round.</summary>
    /// <exception cref="ArgumentException">A rule between arguments is broken.</exception>
    public TrainingArgs TrainingArgs
    {
        get => _trainingArgs;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            value.Validate(training: false);
            _trainingArgs = value;
        }
    }

    /// <summary>The next round, counted from 0: how many training rounds were committed.</summary>
    public int Round { get; private set; }

    /// <summary>The file with the current global parameters.</summary>
    public string ParametersPath => _parameters.Path;

    /// <summary>Where nodes download the current global parameters.</summary>
    public Uri ParametersUrl => _parameters.Url;

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
        JobDirectory directory = JobDirectory.Open(options.WorkDirectory, loggers.CreateLogger<Job>());
        try
        {
            JobStart start = await JobStart.PrepareAsync(
                requests.ResearcherId, repository, options, directory, loggers, cancellationToken).ConfigureAwait(false);
            var job = new Job(requests, repository, options, directory, start, loggers, timeProvider);
            job.LogCreated(job.Id, job.TrainingPlanName, job.Nodes.Count);
            return job;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Runs one round.</summary>
    /// <param name="request">What the round should do.</param>
    /// <param name="cancellationToken">Ends the round; the job stays as it was.</param>
    /// <returns>What the round came to. After a training round the job's parameters are the new ones.</returns>
    /// <exception cref="ArgumentException">The training arguments leave nothing to train, or the policy does not fit the participants.</exception>
    /// <exception cref="RoundFailedException">Too few participants succeeded; the exception carries every verdict.</exception>
    /// <exception cref="AggregationException">The rule could not combine the updates.</exception>
    /// <exception cref="FedJobException">The sampler or the aggregator threw (<see cref="FedJobErrorCode.ExtensionFailed"/>), or a file could not be
    /// written, sent or uploaded.</exception>
    /// <exception cref="InvalidOperationException">A round of this job is running already.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed, before the call or while the round ran.</exception>
    public Task<RoundResult> RunRoundAsync(RoundRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Aggregator, nameof(request));
        ArgumentNullException.ThrowIfNull(request.Sampler, nameof(request));
        ThrowIfDisposed();
        TrainingArgs.Validate(request.Training);
        return _gate.RunAsync(stop => RunOneAsync(request, stop), cancellationToken);
    }

    /// <summary>Runs training rounds one after another. Leaving the loop early ends after the round that was last returned.</summary>
    /// <param name="rounds">How many, at least 1.</param>
    /// <param name="aggregator">How updates become new parameters; <see langword="null"/> for <see cref="FedAvg"/>.</param>
    /// <param name="sampler">How participants are chosen; <see langword="null"/> for all nodes.</param>
    /// <param name="cancellationToken">Ends the running round; the job stays as it was after the round before.</param>
    /// <returns>The result of each round as it ends.</returns>
    /// <exception cref="RoundFailedException">Too few participants of a round succeeded.</exception>
    public IAsyncEnumerable<RoundResult> RunAsync(
        int rounds, IAggregator? aggregator = null, INodeSampler? sampler = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        ThrowIfDisposed();
        var request = new RoundRequest();
        request = request with { Aggregator = aggregator ?? request.Aggregator, Sampler = sampler ?? request.Sampler };
        return RunEachAsync(rounds, request, cancellationToken);
    }

    /// <summary>Opens the current global parameters.</summary>
    /// <returns>The parameters, as views of the file until they are disposed.</returns>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public ModelParameters OpenParameters()
    {
        ThrowIfDisposed();
        return AggregatedParametersFile.Open(_parameters.Path);
    }

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
        _events.Dispose();
        try
        {
            await _plan.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _directory.Dispose();
            _gate.Dispose();
        }
    }

    private async IAsyncEnumerable<RoundResult> RunEachAsync(
        int rounds, RoundRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < rounds; i++)
        {
            yield return await RunRoundAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<RoundResult> RunOneAsync(RoundRequest request, CancellationToken cancellationToken)
    {
        try
        {
            RoundCommit commit = await _runner.RunAsync(Snapshot(), request, request.Policy ?? _policy, cancellationToken).ConfigureAwait(false);
            if (request.Training)
            {
                _parameters = commit.Parameters;
                NodeStates.Commit(commit.StateIds);
                Round++;
            }

            ForgetLostStates(commit.Result.Verdicts);
            _events.Publish(new RoundEvent { Round = commit.Result.Round, Kind = RoundEventKind.Ended, Elapsed = commit.Result.Timings.Total });
            return commit.Result;
        }
        catch (RoundFailedException failed)
        {
            ForgetLostStates(failed.Verdicts);
            throw;
        }
    }

    private void ForgetLostStates(IReadOnlyList<NodeVerdict> verdicts)
    {
        foreach (string nodeId in LostStates.Of(verdicts).Where(NodeStates.Forget))
        {
            LogStateLost(Id, nodeId);
        }
    }

    private RoundContext Snapshot() => new()
    {
        JobId = Id,
        Round = Round,
        Data = Data,
        Parameters = _parameters,
        StateIds = NodeStates.States,
        TrainingArgs = _trainingArgs,
        ModelArgs = _modelArgs,
        TrainingPlanUrl = _planUrl,
        TrainingPlanDigest = _plan.Digest,
        TrainingPlanClass = _plan.ClassName,
        Seed = _seed,
        Directory = _directory.RoundDirectory(Id, Round),
    };

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);

    [LoggerMessage(1000, LogLevel.Information, "Job {JobId} made: {Plan} on {Nodes} node(s)")]
    private partial void LogCreated(string jobId, string plan, int nodes);

    [LoggerMessage(1001, LogLevel.Warning, "Job {JobId}: node {NodeId} lost the state it kept; its next request is without one")]
    private partial void LogStateLost(string jobId, string nodeId);
}
