using FedJob.Abstractions;
using FedJob.Metrics;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using Microsoft.Extensions.Logging;

namespace FedJob.Loop;

/// <summary>Looks at a committed round: evaluates its parameters, and follows the metrics by which a run is stopped and the best round is kept.</summary>
internal sealed partial class RoundObserver(string researcherId, string jobId, MetricStore metrics, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>Follows what nodes report, from before a round on.</summary>
    public NodeValidation Follow(RunOptions options) => new(metrics, options.NodeMetrics);

    /// <summary>Takes what was reported of a round whose nodes are done long since.</summary>
    public NodeValidation Recall(RunOptions options, int round)
    {
        NodeValidation validation = Follow(options);
        validation.Take(metrics.Query(round: round));
        return validation;
    }

    /// <summary>Evaluates the parameters a round ended with.</summary>
    /// <returns>The metrics; empty without an evaluator.</returns>
    /// <exception cref="EvaluationFailedException">The evaluator threw, or returned what is of no use.</exception>
    public async Task<IReadOnlyDictionary<string, double>> EvaluateAsync(RunOptions options, RoundResult round, CancellationToken cancellationToken)
    {
        if (options.Evaluator is not { } evaluate)
        {
            return round.Evaluation;
        }

        IReadOnlyDictionary<string, double>? found;
        using (ModelParameters parameters = AggregatedParametersFile.Open(round.ParametersPath))
        {
            try
            {
                found = await evaluate(round.Round, parameters, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception thrown)
            {
                throw Failed(round, $"threw {thrown.GetType().Name}: {thrown.Message}", thrown);
            }
        }

        string[] wanted = [.. new[] { options.EarlyStopping?.Metric, options.KeepBest?.Metric }.OfType<WatchedMetric>()
            .Where(m => m.Source == MetricSource.Evaluation).Select(m => m.Name)];
        string? flaw = found is null ? "returned null"
            : found.Keys.Any(string.IsNullOrWhiteSpace) ? "returned a metric with a blank name"
            : wanted.FirstOrDefault(n => !found.ContainsKey(n)) is { } missing ? $"returned no '{missing}', which the run looks at, but {string.Join(", ", found.Keys.DefaultIfEmpty("nothing"))}"
            : null;
        return flaw is null ? new SortedDictionary<string, double>(found!.ToDictionary(), StringComparer.Ordinal).AsReadOnly() : throw Failed(round, flaw);
    }

    /// <summary>Records an evaluation beside what nodes reported; tells what was recorded.</summary>
    public IReadOnlyList<NodeMetric> Record(RoundResult round)
    {
        if (round.Evaluation.Count == 0)
        {
            return [];
        }

        var evaluation = new NodeMetric(round.Round, new MetricMessage
        {
            ResearcherId = researcherId,
            NodeId = researcherId,
            JobId = jobId,
            Train = false,
            Test = true,
            TestOnLocalUpdates = false,
            TestOnGlobalUpdates = true,
            Metrics = round.Evaluation,
            TotalSamples = 0,
            BatchSamples = 0,
            BatchCount = 1,
            Iteration = 1,
        });
        metrics.Add(evaluation);
        return [evaluation];
    }

    /// <summary>The state after a round.</summary>
    /// <param name="state">The state before it.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="round">The round, evaluated.</param>
    /// <param name="validation">What its nodes reported.</param>
    /// <param name="sentPath">The parameters it began with; null where they are not known any more.</param>
    public LoopState Next(LoopState state, RunOptions options, RoundResult round, NodeValidation validation, string? sentPath)
    {
        LoopState next = state with { Pending = null };
        if (options.EarlyStopping is { } stopping)
        {
            next = next with { Stopping = MetricTracker.Of(stopping.Metric, state.Stopping).With(round.Round, ValueOf(stopping.Metric, round, validation), stopping.MinimumDelta) };
        }

        if (options.KeepBest is not { } keep)
        {
            return next;
        }

        MetricTracker before = MetricTracker.Of(keep.Metric, state.Best);
        string? kept = before.BestRound is null ? null : state.BestParametersPath;
        double? value = ValueOf(keep.Metric, round, validation);
        if (!before.Improves(value, 0))
        {
            return next with { Best = before.With(round.Round, value, 0), BestParametersPath = kept };
        }

        // A better value of parameters whose file is not known any more is of no use.
        string? path = keep.Metric.Source == MetricSource.ValidationOnGlobalUpdates ? sentPath : round.ParametersPath;
        return path is null
            ? next with { Best = before, BestParametersPath = kept }
            : next with { Best = before.With(round.Round, value, 0), BestParametersPath = path };
    }

    private double? ValueOf(WatchedMetric metric, RoundResult round, NodeValidation validation)
    {
        if (metric.Source == MetricSource.Evaluation)
        {
            return round.Evaluation.TryGetValue(metric.Name, out double evaluated) ? evaluated : null;
        }

        (double? mean, int reports) = validation.MeanOf(metric, round);
        int succeeded = round.Verdicts.Count(v => v.Kind == VerdictKind.Succeeded);
        if (reports < succeeded)
        {
            LogNotReported(round.Round, metric.Name, reports, succeeded);
        }

        return mean;
    }

    private EvaluationFailedException Failed(RoundResult round, string how, Exception? thrown = null) => new(
        $"The evaluator {how}. Round {round.Round} itself ended well and is committed; the next run with an evaluator begins with evaluating it again.", round, thrown)
    { JobId = jobId, Round = round.Round };

    [LoggerMessage(1042, LogLevel.Warning, "Round {Round}: {Reports} of {Succeeded} successful participant(s) reported the metric {Metric} that the run looks at")]
    private partial void LogNotReported(int round, string metric, int reports, int succeeded);
}
