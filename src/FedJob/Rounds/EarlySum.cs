using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>
/// Adds up the first half of a round's updates, in the order of their nodes, while the others are still being downloaded: as soon as every node has replied, so
/// that the weights are known, where the rule is a running sum, the files are large and the network is what the round waits for. Should another update fail after
/// all, what was added up is dropped.
/// </summary>
internal sealed partial class EarlySum : IAsyncDisposable
{
    /// <summary>Below so many bytes of updates nothing is gained.</summary>
    private const long FewestBytes = 64L << 20;

    private const int FewestUpdates = 4;

    /// <summary>Bytes a second, at least, that are added up beside downloads; the time must be well worth it, or it is better left to them.</summary>
    private const double SummingRate = 1e9;

    private const double Worth = 2;

    private readonly RoundContext _context;
    private readonly ModelParameters _global;
    private readonly IEarlyAggregator? _rule;
    private readonly int _parallelism;
    private readonly string _path;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private Participant[]? _order;
    private int _complete;
    private Task<RunningSums?>? _summing;
    private ExpectedUpdate[] _expected = [];
    private int _summed;

    private EarlySum(RoundContext context, ModelParameters global, IEarlyAggregator? rule, int parallelism, ILogger logger)
    {
        (_context, _global, _rule, _parallelism, _logger) = (context, global, rule, parallelism, logger);
        _path = Path.Combine(context.Directory, $"sums_{Guid.NewGuid():D}.mpk");
    }

    /// <summary>The early sum of a round; it stays empty where there is nothing to gain by one, or no knowing which updates will be used.</summary>
    public static EarlySum Of(RoundContext context, RoundRequest request, RoundPolicy policy, RoundIntent intent, ModelParameters global, ILogger logger)
    {
        bool isWorthIt = request is { Training: true, SecureAggregation: null }
            && policy.OutlierGuard.Action != OutlierAction.Exclude
            && intent.Participants.Count == intent.Goal
            && intent.Goal >= FewestUpdates
            && global.ByteCount * intent.Goal / 2 >= FewestBytes;
        return new EarlySum(context, global, isWorthIt ? request.Aggregator as IEarlyAggregator : null, policy.DownloadParallelism, logger);
    }

    /// <summary>Begins when it is time; called by the collector's loop whenever something has changed.</summary>
    public void Look(VerdictBoard board)
    {
        if (_rule is null || _summing is not null || !board.AllReplied)
        {
            return;
        }

        _order ??= [.. board.All.Where(p => p.Result is null or { Verdict.Kind: VerdictKind.Succeeded }).OrderBy(p => p.NodeId, StringComparer.Ordinal)];
        while (_complete < _order.Length && _order[_complete].Result is { Verdict.Kind: VerdictKind.Succeeded })
        {
            _complete++;
        }

        if (_complete >= FewestUpdates && _complete * 2 >= _order.Length && _complete < _order.Length
            && Array.TrueForAll(_order, p => p.SampleCount is not null) && IsNetworkSlow(_order))
        {
            _expected = [.. _order.Select(p => new ExpectedUpdate(p.NodeId, p.SampleCount!.Value))];
            _summed = _complete;
            CollectedReply[] first = [.. _order.Take(_summed).Select(p => p.Result!)];
            _summing = Task.Run(() => Sum(_rule, first, _stop.Token), CancellationToken.None);
        }
    }

    /// <summary>The rule as it goes on after what was added up; the rule itself where nothing was, or other updates came than expected.</summary>
    public async Task<IRoundAggregation> ContinueAsync(IRoundAggregation round, IReadOnlyList<NodeUpdate> updates, CancellationToken cancellationToken)
    {
        if (_summing is null || round is not IRunningAggregation running || !updates.Select(u => new ExpectedUpdate(u.NodeId, u.SampleCount)).SequenceEqual(_expected))
        {
            return round;
        }

        RunningSums? sums = await _summing.WaitAsync(cancellationToken).ConfigureAwait(false);
        return sums is null ? round : new ContinuedSum(running, sums, _summed);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_summing is not null)
        {
            (await _summing.ConfigureAwait(false))?.Dispose();
        }

        _stop.Dispose();
    }

    /// <summary>Whether the other downloads will take well longer than adding up, at the rate of those that are done.</summary>
    private bool IsNetworkSlow(Participant[] order)
    {
        NodeVerdict[] done = [.. order.Select(p => p.Result?.Verdict).OfType<NodeVerdict>()];
        double seconds = done.Sum(v => v.DownloadTime?.TotalSeconds ?? 0) / Math.Min(_parallelism, done.Length);
        double left = seconds / done.Length * (order.Length - done.Length);
        return left > Worth * _complete * _global.ByteCount / SummingRate;
    }

    private RunningSums? Sum(IEarlyAggregator rule, CollectedReply[] first, CancellationToken cancellationToken)
    {
        RunningSums? sums = null;
        var files = new List<NodeParametersFile>();
        try
        {
            if (_context.Spares?.Take() is { } spare && File.Exists(spare))
            {
                File.Move(spare, _path);
            }

            files.AddRange(first.Select(f => NodeParametersFile.Open(f.UpdatePath!)));
            sums = RunningSums.Create(_path, _global);
            NodeUpdate[] updates =
            [
                .. first.Zip(files, (reply, file) => new NodeUpdate
                {
                    NodeId = reply.Verdict.NodeId,
                    SampleCount = reply.Verdict.SampleCount!.Value,
                    Parameters = file.Parameters,
                }),
            ];
            AggregationRun.CombineFirst(rule.Name, rule.BeginEarly(_expected), _global, updates, sums, cancellationToken);
            LogSummed(_context.Round, _summed, _expected.Length);
            return sums;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Nothing is lost: the round combines all updates in the end, and what is really wrong shows there.
            sums?.Dispose();
            LogDropped(_context.Round, failure.Message);
            return null;
        }
        finally
        {
            files.ForEach(f => f.Dispose());
        }
    }

    [LoggerMessage(1106, LogLevel.Debug, "Round {Round}: {Summed} of {Updates} updates are added up while the others are still coming")]
    private partial void LogSummed(int round, int summed, int updates);

    [LoggerMessage(1107, LogLevel.Information, "Round {Round}: adding up the first updates early failed, so they are added up at the end: {Reason}")]
    private partial void LogDropped(int round, string reason);
}
