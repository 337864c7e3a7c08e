using System.Runtime.CompilerServices;
using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Loop;
using FedJob.Metrics;
using FedJob.Rounds;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <content>The loop around the rounds of a job.</content>
public sealed partial class Job
{
    private LoopState _loop = LoopState.Empty;

    /// <summary>The best round so far, by <see cref="RunOptions.KeepBest"/>; <see langword="null"/> before the first round with a finite value. Part of checkpoints.</summary>
    public BestRound? Best => _loop is { BestParametersPath: { } path, Best: { BestRound: { } round, Best: { } value } best }
        ? new BestRound { Round = round, Metric = best.Metric.Name, Value = value, ParametersPath = path }
        : null;

    /// <summary>What stopped the last run, by <see cref="RunOptions.EarlyStopping"/>; <see langword="null"/> where it was not, and
    /// while it goes on.</summary>
    public EarlyStop? EarlyStop { get; private set; }

    /// <summary>Checks the options of a run and the arguments of its first round, before anything is sent.</summary>
    private RoundRequest CheckRun(RoundRequest request, RunOptions options)
    {
        options.Validate(Nodes);
        CheckArguments(RoundArguments.Of(request, options, Round, TrainingArgs, Nodes));
        return request;
    }

    private void CheckArguments(RoundRequest request)
    {
        (request.TrainingArgs ?? TrainingArgs).Validate(request.Training);
        foreach (TrainingArgs args in request.NodeTrainingArgs.Values.Append(request.TrainingArgs).OfType<TrainingArgs>())
        {
            args.Validate(request.Training);
            WireCheck.Check(args, [], nameof(TrainingArgs));
        }
    }

    private async IAsyncEnumerable<RoundResult> RunEachAsync(
        int rounds, RoundRequest request, RunOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        EarlyStop = null;
        await CatchUpAsync(options, cancellationToken).ConfigureAwait(false);
        try
        {
            for (int i = 0; i < rounds && !IsStopped(options); i++)
            {
                _spares.Begin(another: i < rounds - 1);
                yield return await RunObservedAsync(request, options, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _spares.Close();
        }

        IsStopped(options);
    }

    private async Task<RoundResult> RunObservedAsync(RoundRequest request, RunOptions options, CancellationToken cancellationToken)
    {
        if (options.MinimumAvailableNodes is { } needed)
        {
            var availability = new NodeAvailability(Requests, _timeProvider, _logger);
            request = request with { Available = await _gate.RunAsync(stop => availability.WaitAsync(Data, needed, options, stop), cancellationToken).ConfigureAwait(false) };
        }

        RoundObserver observer = Observer();
        using NodeValidation validation = observer.Follow(options);
        if (_journal.Open is { } open && open.Round == Round)
        {
            // Nodes that have replied to an earlier attempt at the round are not asked again, and what they reported then counts.
            HashSet<string> replied = [.. open.Replies.Where(r => r.Verdict?.Kind == VerdictKind.Succeeded).Select(r => r.Ticket.NodeId)];
            validation.Take(Metrics.Query(round: Round).Where(m => replied.Contains(m.NodeId)));
        }

        string sentPath = ParametersPath;
        RoundResult result = await RunRoundAsync(RoundArguments.Of(request, options, Round, TrainingArgs, Nodes), cancellationToken).ConfigureAwait(false);
        return options.Observes ? await _gate.RunAsync(LookAsync, cancellationToken).ConfigureAwait(false) : result;

        async Task<RoundResult> LookAsync(CancellationToken stop)
        {
            if (options.NodeMetrics.Count > 0)
            {
                await validation.WaitAsync(result, options.MetricWait, _timeProvider, stop).ConfigureAwait(false);
            }

            return await ObserveAsync(observer, result, options, validation, sentPath, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Looks at the last round, if that could not be done when it was committed.</summary>
    private async Task CatchUpAsync(RunOptions options, CancellationToken cancellationToken)
    {
        if (options.Observes && _loop.Pending == Round - 1 && _history.LastOrDefault(r => r.Round == Round - 1 && r.ParametersPath == ParametersPath) is { } pending)
        {
            RoundObserver observer = Observer();
            using NodeValidation validation = observer.Recall(options, pending.Round);
            await _gate.RunAsync(stop => ObserveAsync(observer, pending, options, validation, null, stop), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Evaluates a committed round, then takes over all that follows from it at once.</summary>
    private async Task<RoundResult> ObserveAsync(
        RoundObserver observer, RoundResult result, RunOptions options, NodeValidation validation, string? sentPath, CancellationToken cancellationToken)
    {
        RoundResult evaluated = result with { Evaluation = await observer.EvaluateAsync(options, result, cancellationToken).ConfigureAwait(false) };
        _loop = observer.Next(_loop, options, evaluated, validation, sentPath);
        foreach (NodeMetric metric in observer.Record(evaluated))
        {
            _journal.AddMetric(metric);
        }

        _history.Replace(result, evaluated);
        await _journal.ReviseAsync(
            RowOf(Capture(), _parameters, _aggregatorStateFile, _samplerStateFile),
            HistoryLines.Write(evaluated, Path.GetFileName(evaluated.ParametersPath), evaluated.AuxiliaryVariablesPath is not null)).ConfigureAwait(false);
        return evaluated;
    }

    private bool IsStopped(RunOptions options)
    {
        EarlyStop? stop = options.EarlyStopping is { } stopping ? stopping.Decide(MetricTracker.Of(stopping.Metric, _loop.Stopping)) : null;
        if (stop is not null && EarlyStop is null)
        {
            LogStopped(Id, stop.Round, stop.Reason, stop.Metric);
        }

        EarlyStop = stop;
        return stop is not null;
    }

    private void MarkPending(RoundRequest request, RoundResult result)
    {
        if (request.Observed)
        {
            _loop = _loop with { Pending = result.Round };
        }
    }

    private void TakeUpLoop(JobState state) => _loop = state.Loop with
    {
        BestParametersPath = state.Loop.BestParametersPath is not { } path ? null
            : path == state.ParametersPath ? _parameters.Path
            : CopyIn(path, $"best_parameters_{Guid.NewGuid():D}.mpk"),
    };

    private RoundObserver Observer() => new(Requests.ResearcherId, Id, Metrics, _logger);

    [LoggerMessage(1040, LogLevel.Information, "Job {JobId} stops after round {Round}: {Reason} of {Metric}")]
    private partial void LogStopped(string jobId, int round, StopReason reason, string metric);
}
