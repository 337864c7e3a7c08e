using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Loop;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
using FedJob.Rounds;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <content>The rounds of a job.</content>
public sealed partial class Job
{
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
        ThrowIfDisposed();
        request = request with
        {
            Aggregator = request.Aggregator ?? _aggregator,
            Sampler = request.Sampler ?? _sampler,
            SecureAggregation = request.SecureAggregation ?? _secureAggregation,
            Policy = request.Policy ?? _policy,
        };
        request.Validate(Nodes);
        CheckArguments(request);
        if (request.Training)
        {
            RuleChecks.CheckTrainingArgs(request.Aggregator, request.TrainingArgs ?? TrainingArgs, Id, Round);
        }

        return _gate.RunAsync(stop => RunOneAsync(request, stop), cancellationToken);
    }

    /// <summary>Runs training rounds one after another. Leaving the loop early ends after the round that was last returned.</summary>
    /// <param name="rounds">How many, at least 1.</param>
    /// <param name="aggregator">How updates become new parameters; <see langword="null"/> for the job's.</param>
    /// <param name="sampler">How participants are chosen; <see langword="null"/> for the job's sampler.</param>
    /// <param name="options">What is done around the rounds: evaluation, early stopping, schedules and more. Default: nothing.</param>
    /// <param name="cancellationToken">Ends the running round; the job stays as it was after the round before.</param>
    /// <returns>The result of each round as it ends.</returns>
    /// <exception cref="ArgumentException">An option is not allowed, or a node would refuse its training arguments; nothing was sent.</exception>
    /// <exception cref="RoundFailedException">Too few participants of a round succeeded.</exception>
    /// <exception cref="EvaluationFailedException">The evaluator of the options failed; the round itself is committed, and the exception carries its result.</exception>
    /// <exception cref="TooFewNodesException">Fewer nodes were there than the options ask for.</exception>
    public IAsyncEnumerable<RoundResult> RunAsync(
        int rounds, IAggregator? aggregator = null, INodeSampler? sampler = null, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        ThrowIfDisposed();
        return RunEachAsync(rounds, CheckRun(new RoundRequest { Aggregator = aggregator, Sampler = sampler }, options ??= new RunOptions()), options, cancellationToken);
    }

    /// <summary>The nodes whose reply the running round still awaits, in ordinal order; none while no round runs. May be read at any time.</summary>
    public IReadOnlyList<string> AwaitedNodes => _runner.Awaited;

    /// <summary>The rounds of this job that ended well, training and validation, in order: the replies of their nodes are the verdicts of each.</summary>
    public IReadOnlyList<RoundResult> History => [.. _history];

    /// <summary>The train request each participant of the last such round was sent, by node id. They hold no secret in their text form.</summary>
    public IReadOnlyDictionary<string, TrainRequest> LastRequests { get; private set; } = new Dictionary<string, TrainRequest>(StringComparer.Ordinal);

    /// <summary>
    /// The arguments that the caller of the last such round gave its participants for their side of the rule; <see cref="LastRequests"/> shows them
    /// with the rule's own.
    /// </summary>
    public AggregatorArguments AggregatorArguments { get; private set; } = AggregatorArguments.None;

    /// <summary>
    /// The parameter files of the last training round's successful nodes, by node id, in the job's directory until the next one is committed; empty unless
    /// <see cref="JobOptions.KeepReplyFiles"/> is set. <see cref="Protocol.Parameters.NodeParametersFile.Open"/> reads them.
    /// </summary>
    public IReadOnlyDictionary<string, string> ReplyFiles { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    private async Task<RoundResult> RunOneAsync(RoundRequest request, CancellationToken cancellationToken)
    {
        try
        {
            if (_isChanged)
            {
                await SaveAsync().ConfigureAwait(false);
            }

            RoundCommit commit = await _runner.RunAsync(
                Snapshot() with { Available = request.Available }, request, request.Policy!, done => PersistAsync(request, done), cancellationToken).ConfigureAwait(false);
            if (request.Training)
            {
                _parameters = commit.Parameters;
                ReplaceAuxiliaryVariables(commit.Result.AuxiliaryVariablesPath);
                (_lastAggregator, _lastSampler) = (request.Aggregator!, request.Sampler!);
                NodeStates.Commit(commit.StateIds);
                ReplaceReplyFiles(commit.ReplyFiles);
                Round++;
                MarkPending(request, commit.Result);
            }

            _history.Enqueue(commit.Result);
            (LastRequests, AggregatorArguments) = (commit.Requests, request.AggregatorArguments);
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

    private void ReplaceAuxiliaryVariables(string? path)
    {
        string? earlier = _auxiliaryVariablesPath;
        _auxiliaryVariablesPath = path;
        if (earlier is not null)
        {
            JobDirectory.TryDelete(earlier, _logger);
        }
    }

    private void ReplaceReplyFiles(IReadOnlyDictionary<string, string> files)
    {
        foreach (string earlier in ReplyFiles.Values)
        {
            JobDirectory.TryDelete(earlier, _logger);
        }

        if (ReplyFiles.Values.FirstOrDefault() is { } any)
        {
            JobDirectory.TryDeleteEmpty(Path.GetDirectoryName(any)!, _logger);
        }

        ReplyFiles = files;
    }

    private void ForgetLostStates(IReadOnlyList<NodeVerdict> verdicts)
    {
        foreach (string nodeId in LostStates.Of(verdicts).Where(NodeStates.Forget))
        {
            _isChanged = true;
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
        TrainingPlanUrl = TrainingPlanUrl,
        TrainingPlanDigest = _plan.Digest,
        TrainingPlanClass = _plan.ClassName,
        Seed = _seed,
        KeepReplyFiles = _keepReplyFiles,
        MaxDegreeOfParallelism = _maxDegreeOfParallelism,
        JobDirectory = _directory.Path,
        Spares = _spares,
        Directory = _directory.RoundDirectory(Id, Round),
    };

    [LoggerMessage(1001, LogLevel.Warning, "Job {JobId}: node {NodeId} lost the state it kept; its next request is without one")]
    private partial void LogStateLost(string jobId, string nodeId);
}
