using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>
/// Opens the updates of a round as mapped views, in ordinal order of their nodes, and lets the rule combine them. Unless the round is accepted in the end,
/// the rule gets back what it remembered before: a round that fails leaves no trace in it.
/// </summary>
internal sealed partial class UpdateCombination : IDisposable
{
    private readonly RoundContext _context;
    private readonly ModelParameters _global;
    private readonly Dictionary<string, TrainingArgs> _trainingArgs;
    private readonly ILogger _logger;
    private (IAggregator Rule, ParameterMap State)? _before;
    private readonly List<(CollectedReply Reply, NodeParametersFile File)> _updates = [];

    private UpdateCombination(RoundContext context, ModelParameters global, IEnumerable<TrainOrder> orders, ILogger logger)
    {
        (_context, _global, _logger) = (context, global, logger);
        _trainingArgs = orders.ToDictionary(o => o.Ticket.NodeId, o => o.Request.TrainingArgs, StringComparer.Ordinal);
    }

    public static UpdateCombination Open(
        RoundContext context, ModelParameters global, IEnumerable<TrainOrder> orders, IEnumerable<CollectedReply> replies, ILogger logger)
    {
        var combination = new UpdateCombination(context, global, orders, logger);
        try
        {
            foreach (CollectedReply reply in replies.Where(r => r.Verdict.Kind == VerdictKind.Succeeded))
            {
                combination._updates.Add((reply, NodeParametersFile.Open(reply.UpdatePath!)));
            }

            return combination;
        }
        catch
        {
            combination.Dispose();
            throw;
        }
    }

    /// <summary>Looks for outliers; the updates that the guard excludes are closed and not combined. Encrypted ones cannot be looked at.</summary>
    public IReadOnlyList<ScreenedUpdate> Screen(OutlierGuard guard, CancellationToken cancellationToken)
    {
        if (guard.Action == OutlierAction.None || _updates.Count == 0 || _updates.Exists(u => u.File.Encrypted))
        {
            return [];
        }

        IReadOnlyList<ScreenedUpdate> screened = OutlierScreen.Screen(
            guard, [.. _updates.Select(u => (u.Reply.Verdict.NodeId, u.Reply.Distance ?? UpdateDistance.ToGlobal(u.File.Parameters, _global, cancellationToken)))]);
        foreach (ScreenedUpdate outlier in screened.Where(s => s.IsOutlier))
        {
            LogOutlier(outlier.NodeId, outlier.Norm, outlier.Score, guard.Threshold, outlier.Excluded ? "excluded" : "used");
            if (outlier.Excluded)
            {
                int index = _updates.FindIndex(u => u.Reply.Verdict.NodeId == outlier.NodeId);
                _updates[index].File.Dispose();
                _updates.RemoveAt(index);
            }
        }

        return screened;
    }

    /// <summary>Combines the updates by the rule into a new parameter file.</summary>
    public async Task<WrittenFile> CombineAsync(
        IAggregator aggregator, bool encrypted, EarlySum earlySum, GlobalParametersPublisher publisher, CancellationToken cancellationToken)
    {
        try
        {
            _before = (aggregator, aggregator.SaveState() ?? ParameterMap.Empty);
            if (encrypted)
            {
                using ModelParameters combined = await CombineEncryptedAsync(aggregator, cancellationToken).ConfigureAwait(false);
                return await publisher.WriteAsync(combined, cancellationToken).ConfigureAwait(false);
            }

            using AggregatedParametersDraft draft = publisher.Begin(_global);
            await Task.Run(() => CombineAsync(aggregator, earlySum, new CombinedFile(draft), cancellationToken), cancellationToken).ConfigureAwait(false);
            return await draft.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception thrown) when (thrown is not FedJobException && !(thrown is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw Failed(FedJobErrorCode.ExtensionFailed, $"The aggregator {aggregator.Name} threw {thrown.GetType().Name}: {thrown.Message}", thrown);
        }
    }

    private async Task CombineAsync(IAggregator aggregator, EarlySum earlySum, CombinedFile target, CancellationToken cancellationToken)
    {
        AggregationContext context = ClearContext(cancellationToken);
        IRoundAggregation round = await earlySum.ContinueAsync(aggregator.BeginRound(context), context.Updates, cancellationToken).ConfigureAwait(false);
        AggregationRun.Combine(aggregator.Name, round, _global, context.Updates, target, _context.MaxDegreeOfParallelism, cancellationToken);
    }

    /// <summary>Writes what the optimizers of the nodes told, module -> node -> values; <see langword="null"/> where none told anything.</summary>
    public async Task<string?> WriteAuxiliaryVariablesAsync(string path, CancellationToken cancellationToken)
    {
        if (_updates.TrueForAll(u => u.File.AuxiliaryVariables.Count == 0))
        {
            return null;
        }

        await ReceivedAuxiliaryVariables.WriteAsync(
            path, _updates.Select(u => KeyValuePair.Create(u.Reply.Verdict.NodeId, u.File.AuxiliaryVariables)), cancellationToken).ConfigureAwait(false);
        return path;
    }

    /// <summary>The round is committed: what the rule remembers now stays.</summary>
    public void Accept() => _before = null;

    public void Dispose()
    {
        if (_before is { } before)
        {
            TakeBack(before.Rule, before.State);
        }

        _updates.ForEach(u => u.File.Dispose());
    }


    private void TakeBack(IAggregator rule, ParameterMap state)
    {
        try
        {
            rule.RestoreState(state);
        }
        catch (Exception thrown)
        {
            // The round fails for a reason of its own, which must reach the caller.
            LogNotTakenBack(thrown, rule.Name);
        }
    }

    private AggregationContext ClearContext(CancellationToken cancellationToken) => new()
    {
        CancellationToken = cancellationToken,
        Round = _context.Round,
        Global = _global,
        Nodes = [.. _context.Data.Nodes.Order(StringComparer.Ordinal)],
        Updates = [.. _updates.Select(u => new NodeUpdate
        {
            NodeId = u.Reply.Verdict.NodeId,
            SampleCount = u.Reply.Verdict.SampleCount!.Value,
            Parameters = u.File.Parameters,
            TrainingArgs = _trainingArgs[u.Reply.Verdict.NodeId],
            OptimizerArgs = u.File.OptimizerArgs,
            AuxiliaryVariables = u.File.AuxiliaryVariables,
        })],
    };

    private async Task<ModelParameters> CombineEncryptedAsync(IAggregator aggregator, CancellationToken cancellationToken)
    {
        string[] clear = [.. _updates.Where(u => !u.File.Encrypted).Select(u => u.Reply.Verdict.NodeId)];
        if (clear.Length > 0)
        {
            throw Failed(
                FedJobErrorCode.EncryptionMismatch,
                $"Round {_context.Round} asked for secure aggregation, and {clear.Length} of {_updates.Count} updates came in clear ({string.Join(", ", clear.Take(10))}). "
                + "Encrypted and clear updates cannot be combined: enable secure aggregation at those nodes, or leave them out.");
        }

        ModelParameters combined = await aggregator.CombineEncryptedAsync(
            new EncryptedAggregationContext
            {
                Round = _context.Round,
                Global = _global,
                Updates = [.. _updates.Select(u => new EncryptedUpdate
                {
                    NodeId = u.Reply.Verdict.NodeId,
                    SampleCount = u.Reply.Verdict.SampleCount!.Value,
                    Parameters = u.File.EncryptedParameters!,
                    EncryptionFactor = u.File.EncryptionFactor!,
                })],
            },
            cancellationToken).ConfigureAwait(false);
        return UpdateCheck.Describe(combined, _global) is { } flaw
            ? throw new AggregationException($"{aggregator.Name} returned parameters that do not fit the model: {flaw}.")
            : combined;
    }

    private FedJobException Failed(FedJobErrorCode code, string message, Exception? thrown = null) =>
        new(code, message, thrown) { JobId = _context.JobId, Round = _context.Round };

    [LoggerMessage(1141, LogLevel.Error, "The rule {Rule} could not take back what it remembered before a round that failed; give a new one")]
    private partial void LogNotTakenBack(Exception thrown, string rule);

    [LoggerMessage(1140, LogLevel.Warning, "The update of node {NodeId} is an outlier: norm {Norm:0.###e+0}, score {Score:0.0}, threshold {Threshold}; it is {Use}")]
    private partial void LogOutlier(string nodeId, double norm, double score, double threshold, string use);
}
